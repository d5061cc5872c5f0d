"""The health of the server: endpoints, typed bodies and JSON objects."""
