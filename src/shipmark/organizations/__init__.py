"""Whose is it? Organizations, their members, teams and tokens."""
