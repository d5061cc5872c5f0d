"""Where are releases kept? One module for each table and what is asked of it."""
