"""Pages of lists: by offset, by moment, and by the order of releases."""
