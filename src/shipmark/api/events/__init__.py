"""Events: endpoints, typed bodies and JSON objects."""
