"""The form that changes a release: what was typed, the problems of its fields, and the change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shipmark.http.validation.urls import is_url
from shipmark.publishing.model import ReleaseUpdate
from shipmark.releases.model import REF_MAX, URL_MAX, Release

_KEPT = "It can be replaced, but not removed."
_BAD_URL = "Enter a URL such as https://ci.example.com/builds/7."
_BAD_DATE = "Enter a date and a time such as 2026-01-31T12:00."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseForm:
    """The fields, and their problems by name. Dates are in UTC."""

    ref: str
    url: str
    released: str
    problems: Mapping[str, str] = field(default_factory=dict)


def form_of_release(release: Release) -> ReleaseForm:
    """Return the form with the values of the release."""
    return ReleaseForm(
        ref=release.ref or "", url=release.url or "", released=_shown_date(release.released_at)
    )


def read_form(sent: Mapping[str, str], release: Release) -> tuple[ReleaseForm, ReleaseUpdate]:
    """Return the form as sent, and the change, which counts if the form has no problems."""
    before = form_of_release(release)
    ref, url, released = (sent.get(name, "").strip() for name in ("ref", "url", "released"))
    problems = {}
    if len(ref) > REF_MAX:
        problems["ref"] = f"Use at most {REF_MAX} characters."
    if url and url != before.url and not is_url(url):
        problems["url"] = _BAD_URL
    if len(url) > URL_MAX:
        problems["url"] = f"Use at most {URL_MAX} characters."
    released_at = _parse_date(released)
    if released and released_at is None:
        problems["released"] = _BAD_DATE
    for name, old, new in (
        ("ref", before.ref, ref),
        ("url", before.url, url),
        ("released", before.released, released),
    ):
        if old and not new:
            problems[name] = _KEPT
    update = ReleaseUpdate(
        ref=ref if ref != before.ref else None,
        url=url if url != before.url else None,
        # An unchanged field would cut the fraction of the second.
        released_at=released_at if released != before.released else None,
    )
    return ReleaseForm(ref=ref, url=url, released=released, problems=problems), update


def _shown_date(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" if at else ""


def _parse_date(text: str) -> datetime | None:
    """Return the moment, in UTC unless it has a zone, or None if it can't be read."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
