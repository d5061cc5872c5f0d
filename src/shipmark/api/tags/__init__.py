"""Tags of events: their keys and values, counted for an issue, listed for projects."""
