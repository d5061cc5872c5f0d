"""Users, with their passwords, sessions and tokens."""
