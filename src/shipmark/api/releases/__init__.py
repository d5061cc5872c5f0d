"""Releases: endpoints, typed bodies and JSON objects."""
