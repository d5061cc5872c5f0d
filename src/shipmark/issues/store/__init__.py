"""Where are issues kept? One module for each table, or few that belong together, and what is asked of them."""
