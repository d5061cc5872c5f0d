"""Which parameters can an address have? Routes declare those that they read: ``asks=(QUERY, *PAGE)``.

``api/document`` tells them to the world, and a test proves that a route reads what it declares and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shipmark.http.pagination.offset import PER_PAGE_MAX
from shipmark.releases.model import FetchState

#: The periods that health is told of (releases.md 6.3).
PERIODS = ("1h", "24h", "1d", "48h", "2d", "7d", "14d", "30d", "90d")

_TEXT: Mapping[str, object] = {"type": "string"}
_MOMENT: Mapping[str, object] = {"type": "string", "format": "date-time"}
_PERIOD: Mapping[str, object] = {"type": "string", "pattern": "^[0-9]{1,9}[smhdw]?$"}
_SWITCH: Mapping[str, object] = {"type": "string", "enum": ["0", "1"]}
_FLAG: Mapping[str, object] = {"type": "string", "enum": ["0", "1", "false", "true"]}
_HEALTH_PERIOD: Mapping[str, object] = {"type": "string", "enum": list(PERIODS)}


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

PROJECT = Parameter(
    name="project",
    about="Only these projects, by id; `-1` for all that the caller may see.",
    example="-1",
    is_repeatable=True,
)
PROJECT_SLUG = Parameter(
    name="projectSlug",
    about="Only these projects, by slug; `$all` for all that the caller may see.",
    example="$all",
    is_repeatable=True,
)
PROJECTS = (PROJECT, PROJECT_SLUG)
NAMED_PROJECT = replace(
    PROJECT,
    about="Only these projects, by id or slug; `-1` is refused.",
    example="web",
    is_required=True,
)

ENVIRONMENT = Parameter(
    name="environment",
    about="Only what was in these environments. One that nobody knows is not found.",
    example="production",
    is_repeatable=True,
)
THRESHOLD_ENVIRONMENT = replace(ENVIRONMENT, about="Only thresholds of these environments.")

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
BETWEEN = (
    replace(START, about="Releases from this moment on.", is_required=True),
    replace(END, about="Releases up to this moment.", is_required=True),
)
RELEASE_QUERY = Parameter(
    name="query",
    about="Text that versions hold, or terms such as `release.version:>=1.2`, `finalized:true`.",
    example="release.package:web",
)
VERSION_QUERY = replace(RELEASE_QUERY, about="Text that versions hold.", example="1.0")
COMMIT_QUERY = replace(
    RELEASE_QUERY, about="How the keys of commits begin; without it, all.", example="a1b2"
)
NAME_QUERY = replace(
    RELEASE_QUERY,
    about="Text that names hold; several must all be there.",
    example="web",
    is_repeatable=True,
)

REPOSITORY_STATUS = Parameter(
    name="status",
    about="Which repositories: `active`, `deleted` for all others, or empty for all of them.",
    schema={"type": "string", "enum": ["active", "deleted", ""], "default": "active"},
    example="deleted",
)
INTEGRATION_ID = Parameter(
    name="integration_id",
    about="Only repositories of an integration. There are none.",
    example="1",
)
EXPAND = Parameter(
    name="expand", about="`settings` shows them.", example="settings", is_repeatable=True
)
FETCH_STATE = Parameter(
    name="state",
    about="Only fetches that have come so far.",
    schema={"type": "string", "enum": [*(it.value for it in FetchState), ""]},
    example="done",
)
RELEASE = Parameter(
    name="release", about="Only these versions.", example="web@1.0.0", is_repeatable=True
)
FRAME_LIMIT = Parameter(
    name="frameLimit",
    about="How many frames of the stack to look at.",
    schema={"type": "integer", "minimum": 1, "maximum": 999_999_999, "default": 25},
    example="5",
)

EXCEPTION_INDEX = Parameter(
    name="exception_idx",
    about="Only the frames of that exception, counted from 0 as in the event.",
    schema={"type": "integer", "minimum": 0, "maximum": 99_999},
    example="0",
)
FRAME_INDEX = Parameter(
    name="frame_idx",
    about="Only the frames with that place in their stack, counted from 0.",
    schema={"type": "integer", "minimum": 0, "maximum": 99_999},
    example="0",
)

NAMES = (
    Parameter(
        name="query",
        about="Only files whose name holds one of these texts.",
        example="app.js",
        is_repeatable=True,
    ),
)
CHECKSUMS = (
    Parameter(
        name="checksum",
        about="Only files with one of these SHA-1s.",
        example="da39a3ee5e6b4b0d3255bfef95601890afd80709",
        is_repeatable=True,
    ),
)
BUNDLE_QUERY = Parameter(
    name="query",
    about="A release or a dist, or the id of a bundle or of a file in it.",
    example="web@1.0.0",
)
BUNDLE_SORT = Parameter(
    name="sortBy",
    about="What to order bundles by.",
    schema={
        "type": "string",
        "enum": ["date_added", "-date_added", "date_modified", "-date_modified"],
    },
    example="-date_added",
)
BUNDLES_TO_DELETE = (
    Parameter(
        name="bundleId",
        about="The bundles with these ids.",
        example="eb6e60f1-65ff-4f6f-adff-f1bbeded627b",
        is_repeatable=True,
    ),
    Parameter(name="release", about="All bundles of this version.", example="web@1.0.0"),
    Parameter(name="dist", about="Of the release, only those of this dist.", example="7"),
    Parameter(
        name="unusedSince",
        about="All bundles that nobody has used since that moment.",
        schema=_MOMENT,
        example="2026-01-01T00:00:00Z",
    ),
)
SOURCE_MAP_SORT = Parameter(
    name="sortBy",
    about="What to order by: the moment at which the release was made.",
    schema={"type": "string", "enum": ["date_added", "-date_added"]},
    example="-date_added",
)
RELEASE_NAME = Parameter(
    name="name", about="The version whose files are to be deleted.", example="web@1.0.0"
)
LOOKUP = (
    Parameter(
        name="debug_id",
        about="The debug id of a file.",
        example="c941d872-af1f-4f0c-a7ff-ad3d295fe153",
    ),
    Parameter(name="url", about="A part of the file's URL.", example="~/app.js"),
    Parameter(name="release", about="The version that the file belongs to.", example="web@1.0.0"),
    Parameter(name="dist", about="The dist that the file belongs to.", example="7"),
    Parameter(
        name="download",
        about="Answer with the content itself, by the id that was found.",
        example="artifact_bundle/1",
    ),
)
DOWNLOAD = Parameter(
    name="download", about="Whatever it says: answer with the content itself.", example="1"
)
