"""The form that changes a release: what was typed, the problems of its fields, and the change."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from shipmark.http.validation.urls import is_url
from shipmark.publishing.model import ReleaseUpdate
from shipmark.releases.model import REF_MAX, URL_MAX, Release
from shipmark.web.form_versions import ChangedMeanwhile, require_unchanged
from shipmark.web.forms import problems_of

_KEPT = "It can be replaced, but not removed."
_BAD_URL = "Enter a URL such as https://ci.example.com/builds/7."
_BAD_DATE = "Enter a date and a time such as 2026-01-31T12:00."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseForm:
    """The fields, and their problems by name. Dates are in UTC.

    ``is_stale`` if nothing is wrong, but the release was changed since the form was shown.
    """

    ref: str
    url: str
    released: str
    problems: Mapping[str, str] = field(default_factory=dict)
    is_stale: bool = False

    @property
    def values(self) -> dict[str, str]:
        """Return the values of the fields."""
        return {"ref": self.ref, "url": self.url, "released": self.released}


def form_of_release(release: Release) -> ReleaseForm:
    """Return the form with the values of the release."""
    return ReleaseForm(
        ref=release.ref or "", url=release.url or "", released=_shown_date(release.released_at)
    )


def read_form(sent: Mapping[str, str], release: Release) -> tuple[ReleaseForm, ReleaseUpdate]:
    """Return the form as sent, and the change, which counts if the form has no problems."""
    before = form_of_release(release)
    ref, url, released = (sent.get(name, "").strip() for name in ("ref", "url", "released"))
    released_at = _parse_date(released)
    update = ReleaseUpdate(
        ref=ref if ref != before.ref else None,
        url=url if url != before.url else None,
        # An unchanged field would cut the fraction of the second.
        released_at=released_at if released != before.released else None,
    )
    form = ReleaseForm(ref=ref, url=url, released=released)
    problems = _problems(before, form, is_date=released_at is not None)
    if problems:
        return replace(form, problems=problems), update
    try:
        require_unchanged(sent, before.values)
    except ChangedMeanwhile as refusal:
        values = form.values | dict(refusal.values)
        form = ReleaseForm(**values, problems=problems_of(refusal), is_stale=True)
    return form, update


def _problems(before: ReleaseForm, form: ReleaseForm, *, is_date: bool) -> dict[str, str]:
    """Return what is wrong with the fields, by their names."""
    problems = {}
    if len(form.ref) > REF_MAX:
        problems["ref"] = f"Use at most {REF_MAX} characters."
    if form.url and form.url != before.url and not is_url(form.url):
        problems["url"] = _BAD_URL
    if len(form.url) > URL_MAX:
        problems["url"] = f"Use at most {URL_MAX} characters."
    if form.released and not is_date:
        problems["released"] = _BAD_DATE
    for name in ("ref", "url", "released"):
        if getattr(before, name) and not getattr(form, name):
            problems[name] = _KEPT
    return problems


def _shown_date(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" if at else ""


def _parse_date(text: str) -> datetime | None:
    """Return the moment, in UTC unless it has a zone, or None if it can't be read."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
