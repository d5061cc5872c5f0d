"""Links to commits, ranges and files at a repository's host: GitHub, GitLab, Bitbucket, and servers of their makers."""

from enum import StrEnum
from urllib.parse import quote, urlsplit

from shipmark.repositories.model import Repository


class _Host(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"


_COMMITS = {
    _Host.GITHUB: "/commit/{}",
    _Host.GITLAB: "/-/commit/{}",
    _Host.BITBUCKET: "/commits/{}",
}
_RANGES = {
    _Host.GITHUB: "/compare/{base}...{head}",
    _Host.GITLAB: "/-/compare/{base}...{head}",
    # Bitbucket names the later commit first.
    _Host.BITBUCKET: "/branches/compare/{head}..{base}",
}
_FILES = {
    _Host.GITHUB: ("/blob/{revision}/{path}", "#L{}"),
    _Host.GITLAB: ("/-/blob/{revision}/{path}", "#L{}"),
    _Host.BITBUCKET: ("/src/{revision}/{path}", "#lines-{}"),
}


def file_url(
    repository: Repository | None, path: str, line: int | None, revision: str | None
) -> str | None:
    """Return the URL of a line of a file as of a commit or branch, or None if the repository's host is unknown."""
    address = _address(repository)
    if address is None or not revision:
        return None
    page, place = _FILES[address[0]]
    url = address[1] + page.format(revision=quote(revision), path=quote(path))
    return url + (place.format(line) if line else "")


def commit_url(repository: Repository | None, sha: str) -> str | None:
    """Return the URL of a commit, or None if the repository's host is unknown."""
    address = _address(repository)
    return address[1] + _COMMITS[address[0]].format(quote(sha, safe="")) if address else None


def range_url(repository: Repository | None, base: str | None, head: str | None) -> str | None:
    """Return the URL of the host's comparison of two commits, or None if one of them or the host is unknown."""
    address = _address(repository)
    if address is None or not base or not head or base == head:
        return None
    ends = {"base": quote(base, safe=""), "head": quote(head, safe="")}
    return address[1] + _RANGES[address[0]].format(**ends)


def _address(repository: Repository | None) -> tuple[_Host, str] | None:
    """Return the host and the URL of a repository, without credentials that a URL may contain."""
    if repository is None or not repository.url:
        return None
    try:
        parts = urlsplit(repository.url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.path.strip("/"):
        return None
    if ":" in parts.hostname:  # an IPv6 address, which no host of these is known by
        return None
    names = f"{parts.hostname} {repository.provider or ''}".lower()
    host = next((host for host in _Host if host.value in names), None)
    path = quote(parts.path.rstrip("/").removesuffix(".git"), safe="/%~+@:")
    return (host, f"{parts.scheme}://{parts.hostname}{port}{path}") if host else None
