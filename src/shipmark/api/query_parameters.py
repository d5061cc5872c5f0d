"""Which parameters can an address have? Routes declare those that they read: ``asks=(QUERY, *PAGE)``.

``api/document`` tells them to the world, and a test proves that a route reads what it declares and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shipmark.http.pagination.offset import PER_PAGE_MAX

_TEXT: Mapping[str, object] = {"type": "string"}
_MOMENT: Mapping[str, object] = {"type": "string", "format": "date-time"}
_PERIOD: Mapping[str, object] = {"type": "string", "pattern": "^[0-9]{1,9}[smhdw]?$"}
_SWITCH: Mapping[str, object] = {"type": "string", "enum": ["0", "1"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter in the query of an address; one that is repeatable may come more than once."""

    name: str
    about: str
    schema: Mapping[str, object] = field(default_factory=lambda: _TEXT)
    example: str | None = None
    is_repeatable: bool = False
    is_required: bool = False


PER_PAGE = Parameter(
    name="per_page",
    about=f"How many a page holds, {PER_PAGE_MAX} at most.",
    schema={"type": "integer", "minimum": 0, "maximum": PER_PAGE_MAX, "default": PER_PAGE_MAX},
    example="10",
)
CURSOR = Parameter(
    name="cursor",
    about="Where the page begins: a text out of the `Link` header of another page.",
    schema={"type": "string", "pattern": r"^-?\d+:\d+:[01]$"},
    example="0:0:0",
)
PAGE = (PER_PAGE, CURSOR)


STATS_PERIOD = Parameter(
    name="statsPeriod",
    about="The last so long, in seconds or with `s`, `m`, `h`, `d` or `w` behind the number.",
    schema=_PERIOD,
    example="14d",
)
START = Parameter(
    name="start",
    about="From this moment on; goes with `end`, and counts without `statsPeriod` only.",
    schema=_MOMENT,
    example="2026-01-01T00:00:00Z",
)
END = Parameter(
    name="end", about="Up to this moment.", schema=_MOMENT, example="2026-02-01T00:00:00Z"
)
RANGE = (STATS_PERIOD, START, END)

RELEASE_QUERY = Parameter(
    name="query",
    about="Text that versions hold, or terms such as `release.version:>=1.2`, `finalized:true`.",
    example="release.package:web",
)


AUDIT_FILTER = (
    Parameter(name="event", about="Only events of this name.", example="org.edit"),
    Parameter(name="actor", about="Only what the user of this id has done.", example="1"),
)
TEAM_QUERY = replace(
    RELEASE_QUERY,
    about="Text that slugs or names hold, or terms such as `slug:core`, `id:1`.",
    example="core",
)
PROJECT_QUERY = replace(
    RELEASE_QUERY,
    about="Text that slugs or names hold, or terms such as `slug:web`, `platform:python`, `!team:core`.",
    example="we",
)
KEY_STATUS = Parameter(
    name="status",
    about="Only keys that are so.",
    schema={"type": "string", "enum": ["active", "inactive", ""]},
    example="active",
)
PROJECT_STATUS = Parameter(
    name="status",
    about="Only projects that are so: all are active.",
    schema={"type": "string", "enum": ["active", "deleted", ""]},
    example="active",
)
ALL_PROJECTS = Parameter(
    name="all_projects",
    about="`1` shows all on one page.",
    schema=_SWITCH,
    example="1",
)
ORGANIZATION_QUERY = replace(
    RELEASE_QUERY,
    about="Text that names or slugs hold, or terms such as `slug:acme`, `status:active`.",
    example="acme",
)
DETAILED = Parameter(
    name="detailed",
    about="`0` leaves out what an object holds of others.",
    schema=_SWITCH,
    example="0",
)
