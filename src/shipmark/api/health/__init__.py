"""The health of the server, for those with a token."""
