"""Parameters of paths, ``{organization}`` and the like, by name."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PathParameter:
    """A parameter of a path."""

    name: str
    about: str
    example: str


#: All of them, by name.
PATH_PARAMETERS: Mapping[str, PathParameter] = {
    parameter.name: parameter
    for parameter in (
        PathParameter(name="organization", about="Slug or id of the organization.", example="acme"),
        PathParameter(name="project", about="Slug or id of the project.", example="web"),
        PathParameter(
            name="version",
            about="The version of the release, percent-encoded.",
            example="web@1.0.0",
        ),
        PathParameter(name="repository", about="Id of the repository.", example="1"),
        PathParameter(
            name="issue",
            about="Id of the issue, or its short id where the organization is named.",
            example="1",
        ),
        PathParameter(
            name="short_id", about="The short id of the issue, such as `WEB-1A`.", example="WEB-1"
        ),
        PathParameter(
            name="event",
            about="Id of the event, 32 hexadecimal digits.",
            example="0123456789abcdef0123456789abcdef",
        ),
        PathParameter(name="file_id", about="Id of the file, as lists show it.", example="1"),
        PathParameter(
            name="bundle_id",
            about="Id of the artifact bundle.",
            example="eb6e60f1-65ff-4f6f-adff-f1bbeded627b",
        ),
        PathParameter(name="threshold", about="Id of the threshold.", example="1"),
        PathParameter(name="member", about="Id of the member, or `me`.", example="me"),
        PathParameter(name="user", about="Id of oneself, or `me`.", example="me"),
        PathParameter(name="team", about="Slug or id of the team.", example="core"),
        PathParameter(name="token", about="Id of the token.", example="1"),
        PathParameter(name="key", about="The public half of the key.", example="0" * 31 + "1"),
        PathParameter(
            name="plugin",
            about="Who sends; the address that a project shows says `builtin`.",
            example="builtin",
        ),
        PathParameter(
            name="signature",
            about="What proves that the sender knows the project's token.",
            example="8f1d2c…",
        ),
    )
}
