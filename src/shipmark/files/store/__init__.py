"""Storage of files, their pieces and blobs, and of garbage."""
