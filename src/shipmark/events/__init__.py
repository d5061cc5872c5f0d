"""Error events: parsing, titles, grouping and storage."""
