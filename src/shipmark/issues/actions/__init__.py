"""Actions on issues, one per module."""
