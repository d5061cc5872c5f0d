"""Avatars of organizations, projects, teams and users."""
