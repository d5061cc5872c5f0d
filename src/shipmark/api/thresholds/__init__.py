"""Release thresholds: limits on what may go wrong after a release, and which releases meet them."""
