"""Tokens of users and organizations: endpoints, typed bodies and JSON objects."""
