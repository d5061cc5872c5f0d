"""Empty lists of what is not kept."""
