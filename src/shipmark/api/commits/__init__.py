"""Commits: endpoints, typed bodies and JSON objects."""
