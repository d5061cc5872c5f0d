"""The web interface: HTML pages for users."""
