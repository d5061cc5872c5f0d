"""The tables of release health, and their queries."""
