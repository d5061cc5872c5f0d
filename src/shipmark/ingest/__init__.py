"""The door for SDKs: envelopes and events."""
