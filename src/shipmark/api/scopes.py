"""Which scopes open which family of routes? Any one of a set suffices (auth-and-errors.md 2.2)."""

_RELEASES = frozenset({"project:write", "project:admin", "project:releases", "org:ci"})

RELEASE_READ = _RELEASES | {"project:read"}
RELEASE_WRITE = _RELEASES
RELEASE_DELETE = frozenset({"project:admin", "project:releases"})

REPOSITORY = frozenset({"org:read", "org:write", "org:admin", "org:integrations", "org:ci"})
REPOSITORY_WRITE = frozenset({"org:write", "org:admin", "org:integrations"})
REPOSITORY_COMMITS = frozenset({"org:read", "org:write", "org:admin"})

ORGANIZATION_READ = frozenset({"org:read", "org:write", "org:admin"})
PROJECT_READ = frozenset({"project:read", "project:write", "project:admin"})

ISSUE_READ = frozenset({"event:read", "event:write", "event:admin"})

#: Any credentials at all.
ANYBODY: frozenset[str] = frozenset()
