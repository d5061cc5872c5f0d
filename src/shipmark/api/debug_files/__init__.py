"""Debug files: endpoints, typed bodies and JSON objects."""
