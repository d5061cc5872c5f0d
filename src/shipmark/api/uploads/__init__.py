"""Uploads in chunks, which clients then have assembled to bundles and debug files."""
