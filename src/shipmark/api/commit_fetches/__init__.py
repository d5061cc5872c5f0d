"""Fetches of commits: endpoints, typed bodies and JSON objects."""
