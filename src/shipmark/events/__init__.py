"""Error events: what they say, their titles, how they are grouped, and where they are stored."""
