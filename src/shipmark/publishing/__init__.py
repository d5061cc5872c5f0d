"""Workflows across packages: publish and update a release, fetch commits, compare releases."""
