"""Frames that could not be stored, set aside until they are tried again or discarded."""
