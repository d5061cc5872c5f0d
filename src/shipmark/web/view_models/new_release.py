"""The form for a new release: its fields, and what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from shipmark.projects.model import Project
from shipmark.publishing.model import ReleaseInput
from shipmark.releases.model import REF_MAX, URL_MAX, VERSION_MAX
from shipmark.releases.store import releases
from shipmark.releases.versions import is_valid_name
from shipmark.web.request_context import Workspace
from shipmark.web.template_filters import web_address

_LONG = "Use no more than {} characters."
_BAD_VERSION = "A version has no slashes, backslashes, tabs or line breaks, and is neither “latest” nor dots alone."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReleaseForm:
    """The typed values, and the message of each field that is wrong."""

    version: str = ""
    slugs: tuple[str, ...] = ()
    ref: str = ""
    url: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)

    def projects(self, workspace: Workspace) -> tuple[Project, ...]:
        """Return the chosen projects."""
        return tuple(project for project in workspace.projects if project.slug in self.slugs)

    def to_input(self, workspace: Workspace, user_agent: str | None) -> ReleaseInput:
        """Return the release to publish."""
        return ReleaseInput(
            version=self.version,
            projects=self.projects(workspace),
            ref=self.ref or None,
            url=self.url or None,
            user_agent=user_agent,
        )


def read_form(
    connection: Connection, workspace: Workspace, sent: Mapping[str, str], slugs: Sequence[str]
) -> NewReleaseForm:
    """Return the form as sent, with all problems at once."""
    form = NewReleaseForm(
        version=sent.get("version", "").strip(),
        slugs=tuple(slugs),
        ref=sent.get("ref", "").strip(),
        url=sent.get("url", "").strip(),
    )
    problems = {
        "version": _version_problem(connection, workspace, form.version),
        "projects": "" if form.projects(workspace) else "Choose at least one project.",
        "ref": _LONG.format(REF_MAX) if len(form.ref) > REF_MAX else "",
        "url": _url_problem(form.url),
    }
    return NewReleaseForm(
        version=form.version,
        slugs=form.slugs,
        ref=form.ref,
        url=form.url,
        problems={name: problem for name, problem in problems.items() if problem},
    )


def _version_problem(connection: Connection, workspace: Workspace, version: str) -> str:
    if not version:
        return "Enter a version, such as web@1.0.0."
    if len(version) > VERSION_MAX:
        return _LONG.format(VERSION_MAX)
    if not is_valid_name(version):
        return _BAD_VERSION
    if releases.by_version(connection, workspace.organization.id, version) is not None:
        return "A release with this version exists already."
    return ""


def _url_problem(url: str) -> str:
    if len(url) > URL_MAX:
        return _LONG.format(URL_MAX)
    if url and web_address(url) is None:
        return "Enter a full URL, such as https://ci.example.com/builds/7."
    return ""
