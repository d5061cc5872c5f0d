"""Release health: sessions of apps, counted in buckets by project, release and environment (verdict.md 2)."""
