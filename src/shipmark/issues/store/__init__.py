"""Tables and queries of issues: a module per table, or per few related ones."""
