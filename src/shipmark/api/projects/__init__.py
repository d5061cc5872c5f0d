"""Projects of an organization, with their settings, teams and environments."""
