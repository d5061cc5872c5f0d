"""Attachments of events: files that SDKs send with them (ingest.md 3.2)."""
