"""What a browser reported about a violated policy, as facts of the page of an event."""

from collections.abc import Sequence

from shipmark.events import security_reports
from shipmark.events.payload import Json, as_text, object_of, text_of
from shipmark.events.security_reports import CSP
from shipmark.web.view_models.facts import Fact, facts
from shipmark.web.view_models.redaction import redacted, redacted_url

#: Policies are long, and the directive that was violated may be at their end.
_POLICY_MAX = 8000
_LIST_MAX = 10
#: The values of other reports, by their names on the page.
_OF_HOSTS = {
    "port": "Port",
    "noted_hostname": "Noted host",
    "include_subdomains": "Includes subdomains",
    "failure_mode": "Failure mode",
    "response_status": "Response status",
    "cert_status": "Certificate status",
    "date_time": "Reported at",
    "effective_expiration_date": "Expires at",
    "test_report": "Test report",
}


def report_facts(payload: Json) -> tuple[Fact, ...]:
    """Return the facts of an event's report, none without one. Queries of URLs are left out."""
    name = security_reports.type_of(payload)
    report = object_of(payload, name)
    return _policy_facts(report) if name == CSP else _host_facts(report)


def _policy_facts(report: Json) -> tuple[Fact, ...]:
    return facts(
        [
            ("Blocked", redacted_url(text_of(report, "blocked_uri")) or "code within the page"),
            ("Page", redacted_url(text_of(report, "document_uri"))),
            ("Directive", security_reports.directive_of(report)),
            ("Violated", text_of(report, "violated_directive")),
            ("Source", _position(report)),
            ("Sample", redacted(text_of(report, "script_sample"))),
            ("Disposition", text_of(report, "disposition")),
            ("Status", as_text(report.get("status_code"))),
            ("Policy", text_of(report, "original_policy")),
        ],
        most=_POLICY_MAX,
    )


def _position(report: Json) -> str:
    file = redacted_url(text_of(report, "source_file"))
    numbers = (as_text(report.get(name)) for name in ("line_number", "column_number"))
    return ":".join([file, *filter(None, numbers)]) if file else ""


def _host_facts(report: Json) -> tuple[Fact, ...]:
    known = [(label, _text(report.get(name))) for name, label in _OF_HOSTS.items()]
    pins = report.get("known_pins")
    listed = "\n".join(_texts(pins if isinstance(pins, list) else []))
    return facts([("Host", text_of(report, "hostname")), *known, ("Known pins", listed)])


def _text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else as_text(value)


def _texts(values: Sequence[object]) -> list[str]:
    return [text for value in values[:_LIST_MAX] if (text := as_text(value))]
