"""Which parts can the path of an address have? ``{organization}`` and the like, by name."""

from collections.abc import Mapping

from shipmark.api.query_parameters import Parameter

#: What the parts of paths are, by their name.
PARTS: Mapping[str, Parameter] = {
    it.name: it
    for it in (
        Parameter(name="organization", about="Slug or id of the organization.", example="acme"),
        Parameter(name="project", about="Slug or id of the project.", example="web"),
        Parameter(
            name="version",
            about="The version of the release, percent-encoded.",
            example="web@1.0.0",
        ),
        Parameter(name="repository", about="Id of the repository.", example="1"),
        Parameter(
            name="issue",
            about="Id of the issue, or its short id where the organization is named.",
            example="1",
        ),
        Parameter(
            name="short_id", about="The short id of the issue, such as `WEB-1A`.", example="WEB-1"
        ),
        Parameter(
            name="event",
            about="Id of the event, 32 hexadecimal digits.",
            example="0123456789abcdef0123456789abcdef",
        ),
        Parameter(name="file_id", about="Id of the file, as lists show it.", example="1"),
        Parameter(
            name="bundle_id",
            about="Id of the artifact bundle.",
            example="eb6e60f1-65ff-4f6f-adff-f1bbeded627b",
        ),
        Parameter(name="threshold", about="Id of the threshold.", example="1"),
        Parameter(name="member", about="Id of the member, or `me`.", example="me"),
        Parameter(name="user", about="Id of oneself, or `me`.", example="me"),
        Parameter(name="team", about="Slug or id of the team.", example="core"),
        Parameter(name="token", about="Id of the token.", example="1"),
        Parameter(name="key", about="The public half of the key.", example="0" * 31 + "1"),
        Parameter(
            name="plugin",
            about="Who sends; the address that a project shows says `builtin`.",
            example="builtin",
        ),
        Parameter(
            name="signature",
            about="What proves that the sender knows the project's token.",
            example="8f1d2c…",
        ),
    )
}
