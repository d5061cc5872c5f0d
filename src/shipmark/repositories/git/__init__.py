"""Reading of commits from git servers."""
