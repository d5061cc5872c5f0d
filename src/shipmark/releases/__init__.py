"""What went out? Releases, their projects, environments, commits and activity."""
