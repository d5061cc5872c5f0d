"""Commands that upload source maps, for the problems of an event and with the names of its project."""

import shlex
from collections.abc import Collection

from shipmark.web.view_models.stack import ShownEvent, ShownProblem

#: Problems that no upload can fix.
_NOT_FIXABLE = frozenset({"busy", "store_away", "bug", "too_large"})
#: Problems fixed by uploading under another name or dist; debug ids need neither.
_BY_NAME = frozenset({"other_url", "other_dist"})
_FOLDER = "./dist"


def commands(event: ShownEvent, server: str, organization: str, project: str) -> tuple[str, ...]:
    """Return the commands to run in the build, before its files are served; none if they would not help."""
    problems = [problem for problem in event.problems if problem.reason not in _NOT_FIXABLE]
    if not problems:
        return ()
    cli = ["sentry-cli", "--url", server, "sourcemaps"]
    upload = [*cli, "upload", "--org", organization, "--project", project]
    if all(problem.reason in _BY_NAME for problem in problems):
        return (_line([*upload, *_names(event), *_prefix(problems), _FOLDER]),)
    return (
        _line(["sentry-cli", "sourcemaps", "inject", _FOLDER]),
        _line([*upload, *_names(event), _FOLDER]),
    )


def _names(event: ShownEvent) -> list[str]:
    release = ["--release", event.version] if event.version else []
    return [*release, "--dist", event.dist] if release and event.dist else release


def _prefix(problems: Collection[ShownProblem]) -> list[str]:
    folders = {problem.expected.rpartition("/")[0] for problem in problems if problem.expected}
    return ["--url-prefix", min(folders)] if folders - {"", "~"} else []


def _line(words: Collection[str]) -> str:
    return " ".join(shlex.quote(word) for word in words)
