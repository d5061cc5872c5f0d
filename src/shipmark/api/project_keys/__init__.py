"""Keys of projects, with which SDKs authenticate."""
