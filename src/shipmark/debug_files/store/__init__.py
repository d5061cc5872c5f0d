"""Tables and queries of debug files."""
