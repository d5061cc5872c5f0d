"""Debug files: their inspection, assembling and storage."""
