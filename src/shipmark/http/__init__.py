"""Shared parts of the HTTP interfaces: validation of requests, pagination, error responses."""
