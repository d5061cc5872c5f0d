"""Issues: groups of error events, their state and resolution."""
