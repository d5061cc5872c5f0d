"""Files: contents of any length, cut into blobs that are kept once, counted by their uses, and collected."""
