"""The verdict on a release in an environment, and marking it (verdict.md 1.9)."""
