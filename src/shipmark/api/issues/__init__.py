"""Issues: endpoints, typed bodies and JSON objects."""
