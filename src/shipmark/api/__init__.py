"""The HTTP API for programs, in Sentry's wire format."""
