"""Attachments of events."""
