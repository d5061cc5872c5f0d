"""Storage of verdicts, and the reading of sessions and deploys that they are made from."""
