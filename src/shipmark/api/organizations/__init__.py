"""Organizations: endpoints, typed bodies and JSON objects."""
