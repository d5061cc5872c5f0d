"""Hashes of issues: by them events are told apart."""
