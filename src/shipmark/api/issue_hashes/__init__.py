"""Hashes of issues, by which events are grouped."""
