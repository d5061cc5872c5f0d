"""Reading of what browsers report about violated policies, in each form that they send, as events (ingest.md 1).

CSP, HPKP, Expect-CT and Expect-Staple have an object of their own each; the Reporting API sends a list of reports of
several types, of which those about CSP are read.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shipmark.events import security_reports
from shipmark.events.payload import Json, object_of, text_of
from shipmark.events.security_reports import CSP, SECURITY
from shipmark.infrastructure.errors import BadRequest, TooLarge
from shipmark.ingest.event_json import json_value

#: Browsers gather at most a hundred reports for one request.
REPORTS_MAX = 100
_ADDRESS_MAX = 2048
_POLICY_MAX = 16_384
_TEXT_MAX = 1024
_CERTIFICATE_MAX = 8192
_LIST_MAX = 20
_NUMBER_MAX = 2**31 - 1
_DIRECTIVE = re.compile(r"[a-z][a-z-]{2,49}")
#: The fields of a CSP report by their names in events, with those in reports and the most characters.
_CSP_TEXTS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "document_uri": (("document-uri", "documentURL", "documentURI"), _ADDRESS_MAX),
    "referrer": (("referrer",), _ADDRESS_MAX),
    "blocked_uri": (("blocked-uri", "blockedURL", "blockedURI"), _ADDRESS_MAX),
    "effective_directive": (("effective-directive", "effectiveDirective"), _TEXT_MAX),
    "violated_directive": (("violated-directive", "violatedDirective"), _POLICY_MAX),
    "original_policy": (("original-policy", "originalPolicy"), _POLICY_MAX),
    "disposition": (("disposition",), _TEXT_MAX),
    "source_file": (("source-file", "sourceFile"), _ADDRESS_MAX),
    "script_sample": (("script-sample", "sample"), _TEXT_MAX),
}
_CSP_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "status_code": ("status-code", "statusCode"),
    "line_number": ("line-number", "lineNumber"),
    "column_number": ("column-number", "columnNumber"),
}
#: The objects of the other reports by their types in events. HPKP has none: it is the whole body.
_WRAPPERS = {"expectct": "expect-ct-report", "expectstaple": "expect-staple-report"}
_HPKP_MARKS = frozenset({"known-pins", "noted-hostname"})
_TYPE_OF_REPORTING_API = "csp-violation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSource:
    """What the request tells of its reports: release and environment of the page, and the User-Agent."""

    release: str | None
    environment: str | None
    user_agent: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserReports:
    """The events of one body; ``others`` counts its reports that are of other types, or invalid, under `SECURITY`."""

    events: Sequence[Json]
    others: Counter[str] = field(default_factory=Counter)


def read_reports(content: bytes, source: ReportSource) -> BrowserReports:
    """Return the events of a body.

    Raise `BadRequest` if it is a single report that is invalid, or a list with invalid ones only; `TooLarge` for a list
    of more than `REPORTS_MAX`.
    """
    body = json_value(content)
    if isinstance(body, list):
        return _of_list(body, source)
    if not isinstance(body, dict):
        raise BadRequest("invalid security report: not a JSON object")
    if security_reports.type_of(body):
        # An item of an envelope may be the event already.
        return BrowserReports(events=[body])
    if _is_of_reporting_api(body):
        return BrowserReports(events=[_event_of_entry(body, source)])
    return BrowserReports(events=[_event_of_report(body, source)])


def _of_list(entries: Sequence[object], source: ReportSource) -> BrowserReports:
    if len(entries) > REPORTS_MAX:
        raise TooLarge(f"more than {REPORTS_MAX} reports")
    events, refusal = list[Json](), BadRequest("invalid security report: an empty list")
    known = [each for each in entries if isinstance(each, dict) and _is_of_reporting_api(each)]
    for entry in known:
        try:
            events.append(_event_of_entry(entry, source))
        except BadRequest as error:
            refusal = error
    if not events and (known or not entries):
        raise refusal
    unused = len(entries) - len(events)
    return BrowserReports(events=events, others=Counter({SECURITY: unused} if unused else {}))


def _is_of_reporting_api(entry: Json) -> bool:
    return entry.get("type") == _TYPE_OF_REPORTING_API


def _event_of_entry(entry: Json, source: ReportSource) -> Json:
    """Return the event of an entry of the Reporting API, which is sent up to minutes after it happened."""
    body = object_of(entry, "body")
    report = _csp({"documentURL": text_of(entry, "url")} | body)
    event = _event(CSP, report, text_of(entry, "user_agent") or source.user_agent, source)
    age = entry.get("age")
    if isinstance(age, int | float) and not isinstance(age, bool) and 0 < age <= _NUMBER_MAX:
        event["timestamp"] = (source.received_at - timedelta(milliseconds=age)).isoformat()
    return event


def _event_of_report(body: Json, source: ReportSource) -> Json:
    if sent := object_of(body, "csp-report"):
        return _event(CSP, _csp(sent), source.user_agent, source)
    for name, wrapper in _WRAPPERS.items():
        if sent := object_of(body, wrapper):
            return _event(name, _of_host(sent), source.user_agent, source)
    if not _HPKP_MARKS.isdisjoint(body):
        return _event("hpkp", _of_host(body), source.user_agent, source)
    raise BadRequest("invalid security report: unknown type")


def _csp(sent: Json) -> Json:
    """Return a CSP report with the names of events. Raise `BadRequest` without a directive or a page."""
    report: Json = {}
    for name, (keys, most) in _CSP_TEXTS.items():
        if text := next((text for key in keys if (text := text_of(sent, key))), ""):
            report[name] = text[:most]
    for name, keys in _CSP_NUMBERS.items():
        if (number := next(filter(_is_number, map(sent.get, keys)), None)) is not None:
            report[name] = number
    directive = security_reports.directive_of(report)
    if not _DIRECTIVE.fullmatch(directive):
        raise BadRequest("invalid security report: no directive that a policy has")
    if not text_of(report, "document_uri"):
        raise BadRequest("invalid security report: no document-uri")
    violated = text_of(report, "violated_directive") or _in_policy(report, directive)
    return report | {"effective_directive": directive, "violated_directive": violated}


def _in_policy(report: Json, name: str) -> str:
    """Return the directive of the policy that decided, with its sources: the Reporting API sends a name only."""
    parts = (part.strip() for part in text_of(report, "original_policy").split(";"))
    directives = {part.split(" ")[0].lower(): part for part in parts}
    general = name.removesuffix("-elem").removesuffix("-attr")
    names = (name, general, "default-src") if general.endswith("-src") else (name,)
    return next((directives[each] for each in names if each in directives), name)


def _of_host(sent: Json) -> Json:
    """Return another report with the names of events. Raise `BadRequest` without a host."""
    report: Json = {}
    for name, value in sent.items():
        if (kept := _kept(value)) is not None and len(report) < _LIST_MAX:
            report[name.replace("-", "_")[:_TEXT_MAX]] = kept
    if not text_of(report, "hostname"):
        raise BadRequest("invalid security report: no hostname")
    return report


def _kept(value: object) -> object:
    """Return a value of a report within its limits, or None for what no report has."""
    if isinstance(value, str):
        return value[:_TEXT_MAX]
    if isinstance(value, bool) or _is_number(value):
        return value
    if isinstance(value, list):
        return [
            item[:_CERTIFICATE_MAX] if isinstance(item, str) else item
            for item in value[:_LIST_MAX]
            if isinstance(item, str | dict)
        ]
    return value if isinstance(value, dict) else None


def _is_number(value: object) -> bool:
    return type(value) is int and abs(value) <= _NUMBER_MAX


def _event(name: str, report: Json, user_agent: str | None, source: ReportSource) -> Json:
    """Return the event of a report, with the request of the page that it is about."""
    headers = {"Referer": text_of(report, "referrer"), "User-Agent": user_agent}
    event: Json = {
        "type": name,
        "logger": name,
        "level": "error",
        "platform": "other",
        name: report,
        "request": {
            "url": text_of(report, "document_uri") or _address_of_host(report),
            "headers": {key: value for key, value in headers.items() if value},
        },
        "user": {"ip_address": "{{auto}}"},
    }
    place = {"release": source.release, "environment": source.environment}
    return event | {key: value for key, value in place.items() if value}


def _address_of_host(report: Json) -> str:
    scheme = "http" if text_of(report, "scheme") == "http" else "https"
    return f"{scheme}://{text_of(report, 'hostname')}/"
