"""Release thresholds: endpoints, typed bodies and JSON objects."""
