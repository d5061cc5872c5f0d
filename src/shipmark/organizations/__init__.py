"""Organizations, with their members, teams, tokens, settings and audit log."""
