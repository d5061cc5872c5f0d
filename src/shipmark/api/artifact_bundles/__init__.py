"""Artifact bundles: endpoints, typed bodies and JSON objects."""
