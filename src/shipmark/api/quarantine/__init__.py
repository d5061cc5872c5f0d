"""Frames of the logs of events that could not be digested."""
