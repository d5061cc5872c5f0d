"""Commits of projects and members, with the releases that hold them."""
