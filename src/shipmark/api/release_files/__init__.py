"""Files of releases: endpoints, typed bodies and JSON objects."""
