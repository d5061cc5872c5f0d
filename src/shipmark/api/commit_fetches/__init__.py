"""Fetches of the commits of releases from git remotes, for the people who look after them."""
