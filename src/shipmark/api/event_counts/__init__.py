"""Numbers of what SDKs sent, by what became of it."""
