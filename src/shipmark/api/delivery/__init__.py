"""How projects deliver to an environment: the metrics of DORA (verdict.md 4)."""
