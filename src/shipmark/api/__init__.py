"""The door for programs: Sentry's HTTP API."""
