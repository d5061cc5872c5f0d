"""Projects, their DSN keys, and the environments that they run in."""
