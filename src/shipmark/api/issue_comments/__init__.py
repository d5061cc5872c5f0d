"""Comments on issues: "notes" in the protocol."""
