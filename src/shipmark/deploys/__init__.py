"""Deploys of releases to environments."""
