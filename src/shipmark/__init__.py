"""Shipmark: a self-hosted release tracker that speaks Sentry's protocol."""

__version__ = "0.1.0"
