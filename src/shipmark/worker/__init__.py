"""The background worker: jobs and timers, and the actions that they call."""
