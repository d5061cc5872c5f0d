"""Bodies of the release endpoints, and their inputs for the domain (releases.md 2.3.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import PydanticCustomError, ValidationError
from typing_extensions import TypedDict

from shipmark.http.validation import (
    Choice,
    DateTime,
    Items,
    ListOf,
    Omittable,
    OptionalText,
    ReadAs,
    RequestModel,
    Text,
    TrimmedText,
    Url,
    choice_of,
    optional,
    refuse,
    require,
)
from shipmark.projects.model import Project
from shipmark.publishing.model import CommitsAndRefs, RefInput, ReleaseInput, ReleaseUpdate
from shipmark.releases.model import REF_MAX, URL_MAX, USER_AGENT_MAX, VERSION_MAX, ReleaseStatus
from shipmark.releases.versions import is_valid_name
from shipmark.repositories.git.quoted_paths import unquoted_path
from shipmark.repositories.model import (
    FILENAME_MAX,
    REPOSITORY_NAME_MAX,
    SHA_MAX,
    Change,
    CommitInput,
)

#: The name of the limit on commits in the context of the validation.
COMMITS_MAX = "commits_max"

_COMMIT_REPOSITORY_MAX = 64
_BAD_RANGE = "Commit cannot begin or end with .."
_RANGE_MAX = 2 * SHA_MAX + len("..")

#: A commit, or the two of a range: the one that comes before it, or None, and its last one.
CommitRange = tuple[str | None, str]


def _parse_range(text: str) -> CommitRange:
    """Return the range ``from..to``, or a single commit as a range without a start."""
    start, dots, end = text.partition("..")
    if not dots:
        if len(text) > SHA_MAX:
            raise refuse(f"Commit too long - max is {SHA_MAX} chars")
        return None, text
    # git writes a symmetric range with three dots; clients that pass it on mean its end.
    end = end.removeprefix(".")
    if not start or not end or ".." in end:
        raise refuse(_BAD_RANGE)
    if len(start) > SHA_MAX or len(end) > SHA_MAX:
        raise refuse(f"Start or end commit too long - max is {SHA_MAX} chars each")
    return start, end


# git's status letters of a file (`git diff --name-status`). Letters of renamed, copied and changed ones come with a
# percentage ("R100"), those of a merge are several ("MM"). Of a renamed file clients send the new path, which is a file
# that was not there before.
_CHANGES: Mapping[str, Change] = {
    "A": Change.ADDED,
    "C": Change.ADDED,
    "D": Change.DELETED,
    "M": Change.MODIFIED,
    "R": Change.ADDED,
    "T": Change.MODIFIED,
}
_STATUS = re.compile(rf"([{''.join(_CHANGES)}]+)\d{{0,3}}", re.ASCII)
_CHANGE = Choice(_CHANGES, "Commit patch_set type {} is not supported.")


def _parse_change(value: object) -> Change:
    """Return the change of a status letter, with or without a percentage, or of several."""
    if type(value) is str and value in _CHANGES:
        return _CHANGES[value]
    status = _STATUS.fullmatch(value.strip()) if isinstance(value, str) else None
    if status is None:
        return _CHANGE.parse(value)
    changes = {_CHANGES[letter] for letter in status[1]}
    return changes.pop() if len(changes) == 1 else Change.MODIFIED


def _read_project(value: object, read: ValidatorFunctionWrapHandler) -> str:
    """Return the slug or id. Anything else is as good as an unknown project, which is refused later (2.3.1)."""
    try:
        return str(read(value))
    except (PydanticCustomError, ValidationError):
        return ""


_ProjectName = Annotated[TrimmedText, WrapValidator(_read_project)]
# Not trimmed, so that what is stored is what was sent (releases.md 1.3.1).
_Version = Annotated[
    str,
    Text(max_length=VERSION_MAX, trim=False),
    require(is_valid_name, "Release with name {} is not allowed"),
]
_Range = Annotated[
    CommitRange,
    Text(),
    AfterValidator(_parse_range),
    WithJsonSchema(Text(max_length=_RANGE_MAX).json_schema()),
]
_Status = Annotated[ReleaseStatus, choice_of(ReleaseStatus, "Invalid status {}")]
_Sha = Annotated[str, Text(max_length=SHA_MAX)]
_OptionalSha = Annotated[str, Text(max_length=SHA_MAX, blank=True)] | None
# `sentry release finalize --released` passes on what is typed, also the seconds that sentry-cli takes (clients.md 6).
_DateTime = Annotated[datetime, DateTime(unix_texts=True)]


#: The most files that a commit changes, as the first import of a large repository.
_FILES_MAX = 100_000
_PATH = Text(max_length=FILENAME_MAX)


def _parse_path(value: object) -> str:
    """Return the path of a file; scripts pass on what `git diff --name-status` prints, quotes included."""
    return _PATH.parse(unquoted_path(value) if type(value) is str else value)


class PatchSetEntry(TypedDict):
    """A file that a commit changed."""

    # A dictionary and no model: a request may hold tens of thousands, and a model takes three times as long to make.
    path: Annotated[
        str,
        PlainValidator(_parse_path),
        WithJsonSchema(_PATH.json_schema()),
        Field(description="Path in the repository, also in the quotes of git."),
    ]
    type: Annotated[
        Change,
        PlainValidator(_parse_change),
        WithJsonSchema(_CHANGE.json_schema()),
        Field(description="Status letter of git, with or without a percentage."),
    ]


def _to_changes(patch_set: list[PatchSetEntry] | None) -> tuple[tuple[str, Change], ...] | None:
    if patch_set is None:
        return None
    return tuple([(entry["path"], entry["type"]) for entry in patch_set])


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRequest(CommitInput):
    """A commit of a release, which is its own input for the domain.

    It is no model with a conversion: of ten thousand commits, that takes as long again as the validation.
    Odd authors are shortened by the domain and never fail a release, hence no limits on them here.
    """

    # Commits have snake_case names on the wire too; without a config of its own it would take that of the body.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(alias_generator=None)

    sha: Annotated[_Sha, Field(alias="id", description="Hash of the commit.")]
    repository: Annotated[
        Annotated[str, Text(max_length=_COMMIT_REPOSITORY_MAX, blank=True)] | None,
        AfterValidator(lambda text: text or None),
        Field(description="Name of the repository."),
    ] = None
    message: Annotated[
        OptionalText, Field(description="Message; it may name the issues that it resolves.")
    ] = None
    author_name: Annotated[OptionalText, Field(description="Name of the author.")] = None
    author_email: Annotated[OptionalText, Field(description="Email address of the author.")] = None
    at: Annotated[_DateTime | None, Field(alias="timestamp", description="Time of the commit.")] = (
        None
    )
    changes: Annotated[
        tuple[tuple[str, Change], ...] | None,
        ReadAs(Annotated[list[PatchSetEntry], Items(max_length=_FILES_MAX)] | None, _to_changes),
        Field(alias="patch_set", description="Changed files."),
    ] = None


class RefRequest(RequestModel):
    """The head commit of a repository."""

    commit: _Range = Field(
        description="Hash of the head commit, or a range `from..to` that ends there."
    )
    repository: Annotated[str, Text(max_length=REPOSITORY_NAME_MAX)] = Field(
        description="Name of the repository."
    )
    previous_commit: _OptionalSha = optional(
        "Head commit of the release before, where there is no range."
    )

    def to_input(self) -> RefInput:
        """Return the ref for the domain."""
        start, end = self.commit
        previous = start or self.previous_commit or None
        return RefInput(repository=self.repository, commit=end, previous=previous)


class HeadCommitRequest(RequestModel):
    """The head commit of a repository, as older clients send it."""

    current_id: _Sha = Field(description="Hash of the head commit.")
    repository: Annotated[str, Text(max_length=_COMMIT_REPOSITORY_MAX)] = Field(
        description="Name of the repository."
    )
    previous_id: _Sha | None = optional("Head commit of the release before.")

    def to_input(self) -> RefInput:
        """Return the ref for the domain."""
        return RefInput(
            repository=self.repository, commit=self.current_id, previous=self.previous_id
        )


class _ReleaseFields(RequestModel):
    """The fields that all bodies of releases share."""

    ref: Annotated[str, Text(max_length=REF_MAX, blank=True)] | None = optional(
        "Branch, tag or commit that the release was made from."
    )
    url: Annotated[str, Url(max_length=URL_MAX)] | None = optional(
        "Link to more about the release."
    )
    date_released: _DateTime | None = optional("Time of the release; it finalizes the release.")
    status: Omittable[_Status] = optional("Open or archived.")
    commits: Omittable[Annotated[list[CommitRequest], Items(max_length=COMMITS_MAX)]] = optional(
        "Commits of the release, newest first; they replace those it has."
    )

    def code(self) -> CommitsAndRefs:
        """Return the commits for the domain."""
        return CommitsAndRefs(commits=tuple(self.commits or ()))

    def to_input(self) -> ReleaseUpdate:
        """Return the changes of an existing release for the domain."""
        return ReleaseUpdate(
            code=self.code(),
            ref=self.ref,
            url=self.url,
            released_at=self.date_released,
            status=self.status,
        )


class _RefFields(RequestModel):
    """The refs of a release, which bodies of an organization's releases have."""

    refs: Omittable[ListOf[RefRequest]] = optional(
        "Head commits by repository; an empty list clears them."
    )
    head_commits: Omittable[ListOf[HeadCommitRequest]] = optional(
        "Deprecated; used only where `refs` is missing or empty."
    )

    def refs_input(self) -> tuple[RefInput, ...] | None:
        """Return the refs for the domain, or None where the body has none."""
        refs = self.refs or self.head_commits
        if refs:
            return tuple([ref.to_input() for ref in refs])
        return () if self.refs is not None else None


class ReleaseUpdateRequest(_RefFields, _ReleaseFields):
    """Changes of a release of an organization."""

    def code(self) -> CommitsAndRefs:
        """Return the commits and refs for the domain."""
        return CommitsAndRefs(commits=super().code().commits, refs=self.refs_input())


class ProjectReleaseUpdateRequest(_ReleaseFields):
    """Changes of a release of a project."""


class NewReleaseRequest(_ReleaseFields):
    """The fields of a new release."""

    version: _Version = Field(description="Version, unique in the organization.")
    owner: TrimmedText | None = optional("User id or email address of a member who is responsible.")

    def to_publication(
        self, projects: tuple[Project, ...], owner_id: int | None, user_agent: str | None
    ) -> ReleaseInput:
        """Return the release to publish in these projects, for the domain."""
        return ReleaseInput(
            version=self.version,
            projects=projects,
            code=self.code(),
            ref=self.ref,
            url=self.url,
            released_at=self.date_released,
            status=self.status,
            owner_id=owner_id,
            user_agent=user_agent[:USER_AGENT_MAX] if user_agent else None,
        )


class ProjectReleaseRequest(NewReleaseRequest):
    """A new release of a project, or more of an existing one."""


class ReleaseRequest(ReleaseUpdateRequest, NewReleaseRequest):
    """A new release of an organization, or more of an existing one."""

    projects: ListOf[_ProjectName] = Field(description="Slugs or ids of the projects to attach.")


class BulkReleaseUpdateRequest(RequestModel):
    """Changes of many releases at once."""

    status: _Status = Field(description="Open or archived.")
