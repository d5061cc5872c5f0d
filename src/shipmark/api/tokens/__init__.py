"""Tokens of the calling user, and tokens of an organization for its pipelines."""
