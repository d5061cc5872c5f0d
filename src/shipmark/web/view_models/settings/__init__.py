"""The view models of the organization's settings."""
