"""Repositories: endpoints, typed bodies and JSON objects."""
