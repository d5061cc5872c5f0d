"""How an environment is delivered to: kinds and outcomes of its deploys, and the metrics of DORA (verdict.md 4)."""
