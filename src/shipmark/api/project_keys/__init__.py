"""Client keys of projects: endpoints, typed bodies and JSON objects."""
