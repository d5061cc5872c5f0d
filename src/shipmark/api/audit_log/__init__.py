"""The audit log: endpoints, typed bodies and JSON objects."""
