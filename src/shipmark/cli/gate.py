"""The command that waits in a pipeline for the verdict on a release, and ends it by its exit status (verdict.md 1.9).

It imports nothing of the server, so that it starts at once and runs wherever the package is installed.
"""

import json
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import click

from shipmark.cli.gate_client import GateClient, RequestError, TryAgainError
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.verdicts.criteria import LIMITS, criteria_of, parse_length
from shipmark.verdicts.judgement import VerdictReason, VerdictStatus
from shipmark.verdicts.model import Criteria

#: The exit status for a request that failed, and for wrong arguments.
FAILED = 3
STATUSES = {VerdictStatus.HEALTHY: 0, VerdictStatus.REGRESSED: 1, VerdictStatus.UNDECIDED: 2}
#: Requests in a row that may fail while the server restarts.
FAILURES_MAX = 5
_CLEAR_LINE = "\r\x1b[K"
#: A log gets a line that says nothing new after this time only; systems that run pipelines end a job that is silent for
#: ten minutes.
_REPEAT_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How long to wait, and what ends the wait."""

    wait: timedelta
    poll: timedelta
    new_issues_max: int | None
    undecided_status: int
    is_json: bool


class _GateUsageError(click.UsageError):
    """Wrong arguments, which end with the status of what could not be asked."""

    exit_code = FAILED


class _GateCommand(click.Command):
    """A command whose wrong arguments end with the status of what could not be asked."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Parse the arguments."""
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            raise _GateUsageError(error.format_message(), error.ctx) from None

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. A bug ends it as what could not be asked: Python's own status, 1, says regressed."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception:  # noqa: BLE001  # no failure of the command may send a release back
            traceback.print_exc()
            sys.exit(FAILED)


class _Length(click.ParamType[timedelta]):
    """A length of time such as ``30m``."""

    name = "length"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the length."""
        if isinstance(value, timedelta):
            return value
        try:
            return parse_length(self.name, str(value))
        except ValidationFailed as refusal:
            self.fail(_sentence(refusal), param, ctx)


@click.command(cls=_GateCommand, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("version")
@click.option("-e", "--environment", required=True, help="Environment of the release.")
@click.option("-p", "--project", multiple=True, help="Only these projects, by slug or id.")
@click.option("--wait", type=_Length(), default="30m", help="How long to wait at most.  [30m]")
@click.option("--poll", type=_Length(), default="15s", help="How often to ask.  [15s]")
@click.option("--soak", help="How old a release must be to be healthy.  [the project's, or 10m]")
@click.option("--margin", help="Regressed only beyond this.  [the project's, or 20%,0.1pp]")
@click.option("--tolerance", help="Healthy only within this.  [the project's, or 50%,0.3pp]")
@click.option(
    "--measure",
    help="Crash-free sessions, crash-free users, new issues.  [the project's, or S,U,N]",
)
@click.option("--ripe", help="How old sessions must be for healthy.  [the project's, or 10m]")
@click.option("--alpha", help="Chance of a wrong regressed.  [the project's, or 0.01]")
@click.option("--beta", help="Chance of a wrong healthy.  [the project's, or 0.05]")
@click.option(
    "--least-base", "leastBase", help="No base with fewer sessions.  [the project's, or 200]"
)
@click.option(
    "--least-bad", "leastBad", help="Not regressed by fewer crashes.  [the project's, or 3]"
)
@click.option("--base", help="Compare with this version.")
@click.option(
    "--max-new-issues", type=click.IntRange(0), help="Fail with more new issues than this."
)
@click.option(
    "--undecided",
    type=click.IntRange(0, 2),
    default=STATUSES[VerdictStatus.UNDECIDED],
    help="Exit status for undecided.  [2]",
)
@click.option("--json", "is_json", is_flag=True, help="Print the verdict as JSON.")
@click.option("--url", envvar="SENTRY_URL", help="Address of the server, or SENTRY_URL.")
@click.option("--token", envvar="SENTRY_AUTH_TOKEN", help="Auth token, or SENTRY_AUTH_TOKEN.")
@click.option("--org", envvar="SENTRY_ORG", help="Slug of the organization, or SENTRY_ORG.")
def gate(version: str, environment: str, project: Sequence[str], **options: Any) -> None:
    """Wait for the verdict on a release in an environment.

    Exit status: 0 healthy, 1 regressed, 2 undecided, 3 could not ask.
    """
    criteria = {name: options[name] for name in (*LIMITS, "measure")}
    _check(criteria)
    query = {"environment": environment, **criteria, "base": options["base"]}
    parameters = [(name, value) for name, value in query.items() if value]
    # Ids and slugs alike, as sentry-cli has it.
    parameters += [("project", name) for name in project]
    server = [_required(options, name) for name in ("url", "token", "org")]
    waiting = Gate(
        wait=options["wait"],
        poll=max(options["poll"], timedelta(seconds=1)),
        new_issues_max=options["max_new_issues"],
        undecided_status=options["undecided"],
        is_json=options["is_json"],
    )
    try:
        verdict = _wait(GateClient(*server), version, parameters, waiting)
    except RequestError as error:
        click.echo(f"{error}", err=True)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(FAILED)
    sys.exit(_finish(verdict, waiting))


def _check(criteria: Mapping[str, str | None]) -> None:
    """Raise the error of criteria that can't be read, before anything is asked."""
    try:
        criteria_of(criteria, Criteria())
    except ValidationFailed as refusal:
        raise _GateUsageError(_sentence(refusal)) from None


def _required(options: Mapping[str, object], name: str) -> str:
    value = options[name]
    if not value:
        variable = {"url": "SENTRY_URL", "token": "SENTRY_AUTH_TOKEN", "org": "SENTRY_ORG"}[name]
        raise _GateUsageError(f"Give --{name}, or set {variable}.")
    return str(value)


def _wait(
    client: GateClient, version: str, parameters: Sequence[tuple[str, str]], waiting: Gate
) -> dict[str, object]:
    """Return the first verdict that ends the wait, or the last one. Raise `RequestError` if none can be had."""
    end = time.monotonic() + waiting.wait.total_seconds()
    failures, progress = 0, _Progress()
    while True:
        try:
            verdict = client.verdict(version, parameters)
            failures = 0
            progress.show(verdict["verdict"], verdict["reasons"][0])
            if _is_decided(verdict, waiting) or time.monotonic() >= end:
                return verdict
        except TryAgainError as error:
            failures += 1
            if failures >= FAILURES_MAX or time.monotonic() >= end:
                raise
            progress.show("waiting", str(error))
        time.sleep(max(0.0, min(waiting.poll.total_seconds(), end - time.monotonic())))


def _is_decided(verdict: Mapping[str, Any], waiting: Gate) -> bool:
    is_decided: bool = verdict["verdict"] != VerdictStatus.UNDECIDED or verdict["final"]
    return is_decided or _has_too_many_issues(verdict, waiting)


def _has_too_many_issues(verdict: Mapping[str, Any], waiting: Gate) -> bool:
    most = waiting.new_issues_max
    return most is not None and verdict["newIssueCount"] > most


class _Progress:
    """What the server said so far, on standard error: on a terminal one line, in a log a line for what is new."""

    def __init__(self) -> None:
        self._shown, self._shown_at = "", -_REPEAT_SECONDS

    def show(self, state: str, sentence: str) -> None:
        """Write a line."""
        text, stamp = f"{state}: {sentence}", time.strftime("%H:%M:%S")
        if sys.stderr.isatty():
            click.echo(f"{_CLEAR_LINE}{stamp} {text}", err=True, nl=False)
        elif text != self._shown or time.monotonic() - self._shown_at >= _REPEAT_SECONDS:
            click.echo(f"{stamp} {text}", err=True)
            self._shown, self._shown_at = text, time.monotonic()


def _finish(verdict: Mapping[str, Any], waiting: Gate) -> int:
    """Print the result, and return the exit status."""
    if sys.stderr.isatty():
        click.echo(_CLEAR_LINE, err=True, nl=False)
    if waiting.is_json:
        click.echo(json.dumps(verdict, indent=2))
    else:
        click.echo("\n".join(_lines(verdict)))
    if _has_too_many_issues(verdict, waiting):
        count, most = verdict["newIssueCount"], waiting.new_issues_max
        click.echo(f"New issues: {count}, at most {most} allowed.", err=True)
        return STATUSES[VerdictStatus.REGRESSED]
    status = VerdictStatus(verdict["verdict"])
    if status == VerdictStatus.UNDECIDED:
        return waiting.undecided_status
    return STATUSES[status]


def _lines(verdict: Mapping[str, Any]) -> list[str]:
    """Return the verdict for people."""
    base = f", compared with {verdict['base']}" if verdict["base"] else ""
    first = f"{verdict['release']} in {verdict['environment']} is {verdict['verdict']}{base}."
    lines = [first, *(f"  {reason}" for reason in verdict["reasons"])]
    lines += [f"  New issue {issue['shortId']}: {issue['title']}" for issue in verdict["newIssues"]]
    if verdict["rollback"]:
        lines.append(f"  Go back to {verdict['rollback']}.")
    if verdict["reason"] == VerdictReason.NO_BASE:
        lines.append("  Deploy this release and the next one will be compared with it.")
    return lines


def _sentence(refusal: ValidationFailed) -> str:
    return "; ".join(
        f"{field}: {' '.join(map(str, sentences if isinstance(sentences, list) else [sentences]))}"
        for field, sentences in refusal.fields.items()
    )
