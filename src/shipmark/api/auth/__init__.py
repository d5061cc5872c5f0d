"""The caller: the user, the scopes of the token, and the root of the API."""
