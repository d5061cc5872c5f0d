"""Members and invitations: endpoints, typed bodies and JSON objects."""
