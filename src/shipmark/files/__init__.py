"""Files: contents of any length, in deduplicated blobs with reference counts and garbage collection."""
