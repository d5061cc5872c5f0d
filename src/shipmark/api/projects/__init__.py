"""Projects: endpoints, typed bodies and JSON objects."""
