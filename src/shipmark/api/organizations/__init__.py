"""Organizations, which own projects and releases, and their settings."""
