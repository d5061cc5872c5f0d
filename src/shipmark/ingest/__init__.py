"""The interface for SDKs: envelopes and events."""
