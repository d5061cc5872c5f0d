"""Chunk uploads: endpoints, typed bodies and JSON objects."""
