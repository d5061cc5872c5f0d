"""The verdict on a release in an environment of a project (verdict.md 1)."""
