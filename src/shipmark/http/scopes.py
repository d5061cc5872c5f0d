"""The scopes that open routes and pages: any one of a set suffices (auth-and-errors.md 2.2)."""

_RELEASES = frozenset({"project:write", "project:admin", "project:releases", "org:ci"})

RELEASE_READ = _RELEASES | {"project:read"}
RELEASE_WRITE = _RELEASES
RELEASE_DELETE = frozenset({"project:admin", "project:releases"})

DEBUG_FILE_DELETE = frozenset({"project:write"})

REPOSITORY = frozenset({"org:read", "org:write", "org:admin", "org:integrations", "org:ci"})
REPOSITORY_CHANGE = frozenset({"org:write", "org:admin", "org:integrations"})
REPOSITORY_DELETE = frozenset({"org:admin", "org:integrations"})
REPOSITORY_COMMITS = frozenset({"org:read", "org:write", "org:admin"})

ORGANIZATION_READ = frozenset({"org:read", "org:write", "org:admin"})
ORGANIZATION_CHANGE = frozenset({"org:write", "org:admin"})
ORGANIZATION_DELETE = frozenset({"org:admin"})
AUDIT_READ = frozenset({"org:write"})
PROJECT_WRITE = frozenset({"project:write", "project:admin"})
PROJECT_READ = frozenset({"project:read", "project:write", "project:admin"})

#: Of projects, not of releases: an address that builds release by is made here.
RELEASE_TOKEN = frozenset({"project:write", "project:admin"})
THRESHOLD_READ = PROJECT_READ | {"alerts:read", "alerts:write"}
THRESHOLD_CHANGE = frozenset({"project:write", "project:admin", "alerts:write"})

PROJECT_DELETE = frozenset({"project:admin"})
#: Making a project for a team: they are asked by either.
PROJECT_CREATE = frozenset({"project:write", "project:admin", "team:write", "team:admin"})

MEMBER_READ = frozenset({"member:read", "member:write", "member:admin"})
MEMBER_CHANGE = frozenset({"member:write", "member:admin"})
#: Any member who may see members may leave; `organizations/membership.py` says who may remove others.
MEMBER_DELETE = MEMBER_READ
TEAM_READ = frozenset({"team:read", "team:write", "team:admin"})
TEAM_CHANGE = frozenset({"team:write", "team:admin"})
TEAM_CREATE = frozenset({"org:write", "org:admin", "team:write"})
TEAM_DELETE = frozenset({"team:admin"})
#: Any member may join a team of an open organization and leave one.
TEAM_JOIN = MEMBER_READ | TEAM_READ | {"org:read", "org:write", "org:admin"}

ISSUE_READ = frozenset({"event:read", "event:write", "event:admin"})
ISSUE_CHANGE = frozenset({"event:write", "event:admin"})
ISSUE_DELETE = frozenset({"event:admin"})

ATTACHMENT_DELETE = ISSUE_CHANGE | {"project:write"}

#: Any credentials at all.
ANY_CALLER: frozenset[str] = frozenset()
