"""What happened in a repository elsewhere? Commits, read from git servers."""
