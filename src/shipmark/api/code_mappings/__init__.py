"""Code mappings: which folder of a repository the files in a project's stacks are in."""
