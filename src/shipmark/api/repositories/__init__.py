"""Repositories that commits come from, and the git remotes they are fetched from."""
