"""Avatars: endpoints, typed bodies and JSON objects."""
