"""Which environments pages show first."""

_PRODUCTION = frozenset({"production", "prod"})


def is_production(environment: str) -> bool:
    """Return True for an environment that comes before all others, by the usual names."""
    return environment in _PRODUCTION
