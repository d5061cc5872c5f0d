"""Who the caller is: endpoints, typed bodies and JSON objects."""
