"""Issues that were discarded."""
