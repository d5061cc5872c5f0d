"""What may be sent to the release routes, and what it becomes (releases.md 2.3.1)."""

import re
from typing import Any

from shipmark.deploys.model import NAME_MAX as DEPLOY_NAME_MAX
from shipmark.deploys.model import URL_MAX as DEPLOY_URL_MAX
from shipmark.http.fields import (
    Choice,
    DateTime,
    Field,
    FieldError,
    Fields,
    ListOf,
    Object,
    Text,
    Url,
    documented_as,
)
from shipmark.projects.model import ENVIRONMENT_MAX, is_environment_name
from shipmark.publishing.model import CommitsAndRefs, RefInput
from shipmark.releases.model import REF_MAX, URL_MAX, VERSION_MAX, ReleaseStatus
from shipmark.releases.versions import is_valid_name
from shipmark.repositories.model import (
    FILENAME_MAX,
    REPOSITORY_NAME_MAX,
    SHA_MAX,
    Change,
    CommitInput,
)

_COMMIT_REPOSITORY_MAX = 64
_BAD_RANGE = "Commit cannot begin or end with .."

_nullable = Text(is_blank_ok=True, is_null_ok=True)
_version = Text(max=VERSION_MAX, is_trimmed=False)


@documented_as(_version)
def version(value: object) -> str:
    """The name of a release; not trimmed, so that what is stored is what was sent (releases.md 1.3.1)."""
    text = _version(value)
    assert text is not None
    if not is_valid_name(text):
        raise FieldError([f"Release with name {text} is not allowed"])
    return text


@documented_as(Text(max=2 * SHA_MAX + len("..")))
def sha_or_range(value: object) -> tuple[str | None, str]:
    """A commit, or a range ``from..to`` of them, as (from or null, to)."""
    text = Text()(value)
    assert text is not None
    start, dots, end = text.partition("..")
    if not dots:
        if len(text) > SHA_MAX:
            raise FieldError([f"Commit too long - max is {SHA_MAX} chars"])
        return None, text
    # git writes a symmetric range with three dots; clients that pass it on mean its end.
    end = end.removeprefix(".")
    if not start or not end or ".." in end:
        raise FieldError([_BAD_RANGE])
    if len(start) > SHA_MAX or len(end) > SHA_MAX:
        raise FieldError([f"Start or end commit too long - max is {SHA_MAX} chars each"])
    return start, end


@documented_as(Text(max=ENVIRONMENT_MAX))
def environment(value: object) -> str:
    """The name of an environment."""
    text = Text(max=ENVIRONMENT_MAX)(value)
    assert text is not None
    if not is_environment_name(text):
        raise FieldError(["Invalid value for environment"])
    return text


@documented_as(Text())
def project_name(value: object) -> str:
    """The slug or id of a project: newer clients send ids as numbers."""
    text = Text()(value)
    assert text is not None
    return text


# git's status letters of a file (`git diff --name-status`). Letters of renamed, copied and changed ones come with a
# percentage ("R100"). Of a renamed file clients send the new path, which is a file that was not there before.
_CHANGES = {
    "A": Change.ADDED,
    "C": Change.ADDED,
    "D": Change.DELETED,
    "M": Change.MODIFIED,
    "R": Change.ADDED,
    "T": Change.MODIFIED,
}
_SIMILARITY = re.compile(r"([CMR])\d{1,3}")
_change_letter = Choice(_CHANGES, "Commit patch_set type {} is not supported.")


@documented_as(_change_letter)
def _change_type(value: object) -> Change:
    """What a commit did to a file, from git's status letter with or without a percentage."""
    scored = _SIMILARITY.fullmatch(value.strip()) if isinstance(value, str) else None
    return _change_letter(scored[1] if scored else value)


_CHANGE = Object(
    {
        "path": Field(Text(max=FILENAME_MAX), is_required=True),
        "type": Field(_change_type, is_required=True),
    }
)

# Odd authors are shortened by the model and never fail a release, hence no limits on them here.
_COMMIT = Object(
    {
        "id": Field(Text(max=SHA_MAX), is_required=True),
        "repository": Field(Text(max=_COMMIT_REPOSITORY_MAX, is_blank_ok=True, is_null_ok=True)),
        "message": Field(_nullable),
        "author_name": Field(_nullable),
        "author_email": Field(_nullable),
        "timestamp": Field(DateTime()),
        "patch_set": Field(ListOf(_CHANGE, is_null_ok=True)),
    }
)

_REF = Object(
    {
        "commit": Field(sha_or_range, is_required=True),
        "repository": Field(Text(max=REPOSITORY_NAME_MAX), is_required=True),
        "previousCommit": Field(Text(max=SHA_MAX, is_blank_ok=True, is_null_ok=True)),
    }
)

_HEAD_COMMIT = Object(
    {
        "currentId": Field(Text(max=SHA_MAX), is_required=True),
        "repository": Field(Text(max=_COMMIT_REPOSITORY_MAX), is_required=True),
        "previousId": Field(Text(max=SHA_MAX, is_null_ok=True)),
    }
)

_STATUS = Choice({it.value: it for it in ReleaseStatus}, "Invalid status {}")

_CHANGEABLE: dict[str, Field[Any]] = {
    "ref": Field(Text(max=REF_MAX, is_blank_ok=True, is_null_ok=True)),
    "url": Field(Url(max=URL_MAX)),
    "dateReleased": Field(DateTime()),
    "status": Field(_STATUS),
}


#: What may be changed of many releases at once.
CHANGED_RELEASES = Object({"status": Field(_STATUS, is_required=True)})


@documented_as(_COMMIT)
def _given_commit(value: object) -> CommitInput:
    it: Fields = _COMMIT(value)
    changes = it.get("patch_set")
    return CommitInput(
        sha=it["id"],
        repository=it.get("repository") or None,
        message=it.get("message"),
        author_name=it.get("author_name"),
        author_email=it.get("author_email"),
        at=it.get("timestamp"),
        changes=None if changes is None else tuple((it["path"], it["type"]) for it in changes),
    )


@documented_as(_REF)
def _given_ref(value: object) -> RefInput:
    it: Fields = _REF(value)
    start, end = it["commit"]
    previous = start or it.get("previousCommit") or None
    return RefInput(repository=it["repository"], commit=end, previous=previous)


@documented_as(_HEAD_COMMIT)
def _given_head_commit(value: object) -> RefInput:
    it: Fields = _HEAD_COMMIT(value)
    return RefInput(
        repository=it["repository"], commit=it["currentId"], previous=it.get("previousId")
    )


def _commits(most: int) -> dict[str, Field[Any]]:
    return {"commits": Field(ListOf(_given_commit, max=most))}


_REFS: dict[str, Field[Any]] = {
    "refs": Field(ListOf(_given_ref)),
    "headCommits": Field(ListOf(_given_head_commit)),
}


def new_release(commits_max: int) -> Object:
    """What makes a release of an organization."""
    return Object(
        {
            "version": Field(version, is_required=True),
            "projects": Field(ListOf(project_name), is_required=True),
            **_CHANGEABLE,
            **_commits(commits_max),
            **_REFS,
            "owner": Field(Text(is_null_ok=True)),
        }
    )


def new_project_release(commits_max: int) -> Object:
    """What makes a release of a project."""
    return Object(
        {
            "version": Field(version, is_required=True),
            **_CHANGEABLE,
            **_commits(commits_max),
            "owner": Field(Text(is_null_ok=True)),
        }
    )


def amended_release(commits_max: int) -> Object:
    """What changes a release of an organization."""
    return Object({**_CHANGEABLE, **_commits(commits_max), **_REFS})


def amended_project_release(commits_max: int) -> Object:
    """What changes a release of a project."""
    return Object({**_CHANGEABLE, **_commits(commits_max)})


# The bundler plugins document both moments as numbers or texts, and their command line passes numbers on as texts.
_deploy_moment = DateTime(takes_unix_seconds=True)

NEW_DEPLOY = Object(
    {
        "environment": Field(environment, is_required=True),
        "name": Field(Text(max=DEPLOY_NAME_MAX, is_blank_ok=True, is_null_ok=True)),
        "url": Field(Url(max=DEPLOY_URL_MAX)),
        "dateStarted": Field(_deploy_moment),
        "dateFinished": Field(_deploy_moment),
        "projects": Field(ListOf(project_name, is_empty_ok=False)),
    }
)


def code(fields: Fields) -> CommitsAndRefs:
    """The commits and refs of a body. The deprecated head commits count only where there are no refs."""
    refs, heads = fields.get("refs"), fields.get("headCommits")
    given = refs or heads
    if not given:
        given = [] if refs is not None and not heads else None
    return CommitsAndRefs(
        commits=tuple(fields.get("commits") or ()),
        refs=None if given is None else tuple(given),
    )
