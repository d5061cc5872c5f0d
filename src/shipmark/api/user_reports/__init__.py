"""Reports of users about events."""
