"""Storage of releases: one module for each table and its queries."""
