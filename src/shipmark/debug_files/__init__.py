"""Debug files: what is in them, how they are assembled and stored."""
