"""Reports of browsers about policies that a page or connection violates, as the parts of an event (ingest.md 5, 9.2).

A report is an attribute of its event, named after its type: ``csp``, ``hpkp``, ``expectct`` or ``expectstaple``.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from shipmark.events.payload import Json, object_of, text_of

CSP = "csp"
REPORT_TYPES = (CSP, "hpkp", "expectct", "expectstaple")
#: The category of data of reports, where those of other events are "error".
SECURITY = "security"
ERROR = "error"
_MESSAGES = {
    "hpkp": "Public key pinning validation failed for '{host}'",
    "expectct": "Expect-CT failed for '{host}'",
    "expectstaple": "Expect-Staple failed for '{host}'",
}
#: What a directive is about, where that is not its name without "-src".
_RESOURCES = {
    "img-src": "image",
    "script-src-elem": "script",
    "script-src-attr": "script",
    "style-src-elem": "style",
    "style-src-attr": "style",
    "fenced-frame-src": "frame",
    "form-action": "form",
    "base-uri": "base",
}
#: What browsers say of code within the page. The oldest say nothing, or "self".
_INLINE = frozenset({"inline", "'inline'"})
_EVALUATED = frozenset({"eval", "'eval'", "wasm-eval", "trusted-types-sink"})
_WITHIN = frozenset({"", "self", "'self'"})
_CODE = frozenset({"script", "style"})
_EXTENSION = re.compile(
    r"(?:chrome-extension|moz-extension|ms-browser-extension|safari-extension|safari-web-extension"
    r"|webkit-masked-url|safari-resource|chrome|resource|about)(?:$|:)",
    re.IGNORECASE,
)
#: Browsers may say the scheme alone, without its colon.
_SCHEMES = frozenset({"data", "blob", "filesystem", "about", "chrome-extension", "moz-extension"})
#: The fields that tell of an extension: it is what was blocked, or it ran the code.
_ORIGINS = ("blocked_uri", "source_file")


def type_of(payload: Json) -> str:
    """Return the type of the report that an event has, or "" for another event."""
    return next((name for name in REPORT_TYPES if object_of(payload, name)), "")


def category_of(payload: Json) -> str:
    """Return the category of data of an event."""
    return category_of_type(type_of(payload))


def category_of_type(event_type: str) -> str:
    """Return the category of data of events of a type."""
    return SECURITY if event_type in REPORT_TYPES else ERROR


def message_of(payload: Json) -> str:
    """Return what a report says, such as "Blocked 'script' from 'example.com'", or "" without one."""
    name = type_of(payload)
    report = object_of(payload, name)
    return _blocked(report) if name == CSP else _failed(name, report) if name else ""


def metadata_of(payload: Json) -> Json:
    """Return the parts of the title of an event with a report, an empty object for others."""
    name = type_of(payload)
    if not name:
        return {}
    report = object_of(payload, name)
    if name == CSP:
        parts = {"directive": directive_of(report), "uri": blocked_source(report)}
    else:
        parts = {"origin": text_of(report, "hostname")}
    return {"message": message_of(payload), **parts}


def culprit_of(payload: Json) -> str:
    """Return the violated directive with its sources, or the host of another report; "" without a report."""
    name = type_of(payload)
    report = object_of(payload, name)
    violated = " ".join(text_of(report, "violated_directive").split())
    return (violated or directive_of(report)) if name == CSP else text_of(report, "hostname")


def tags_of(payload: Json) -> Mapping[str, str]:
    """Return the tags of a report, none without one."""
    name = type_of(payload)
    report = object_of(payload, name)
    if name == CSP:
        return {
            "effective-directive": directive_of(report),
            "blocked-uri": without_query(text_of(report, "blocked_uri")),
        }
    return {key: text_of(report, key) for key in ("hostname", "port")} if name else {}


def components_of(payload: Json) -> list[str]:
    """Return what a report is grouped by: directive and blocked host, or type and host; none without a report."""
    name = type_of(payload)
    report = object_of(payload, name)
    if name != CSP:
        return [f"report:{name}\n", f"host:{text_of(report, 'hostname')}\n"] if name else []
    directive = directive_of(report)
    blocked = blocked_source(report)
    return [f"directive:{directive}\n", f"blocked:{blocked}\n"] if directive else []


def is_of_extension(payload: Json) -> bool:
    """Return True for a report that an extension of the browser caused, not the page."""
    report = object_of(payload, CSP)
    return any(_EXTENSION.match(text_of(report, name)) for name in _ORIGINS)


def directive_of(report: Json) -> str:
    """Return the name of the directive that a report is about."""
    text = text_of(report, "effective_directive") or text_of(report, "violated_directive")
    return text.split()[0].lower() if text else ""


def blocked_source(report: Json) -> str:
    """Return the host of what was blocked, else its scheme with a colon, or the browser's word for it."""
    uri = text_of(report, "blocked_uri")
    if uri.lower() in _WITHIN:
        return "self"
    if uri.lower() in _SCHEMES:
        return f"{uri.lower()}:"
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return uri
    return host or (f"{parts.scheme}:" if parts.scheme else uri)


def without_query(address: str) -> str:
    """Return a URL without query and fragment, which differ from request to request; of one with data its scheme."""
    if address[:5].lower() == "data:":
        return "data:"
    return re.split(r"[?#]", address, maxsplit=1)[0]


def _blocked(report: Json) -> str:
    directive = directive_of(report)
    resource = _RESOURCES.get(directive) or directive.removesuffix("-src")
    uri = text_of(report, "blocked_uri").lower()
    if resource in _CODE:
        if uri in _INLINE:
            return f"Blocked unsafe inline '{resource}'"
        if uri in _EVALUATED:
            return f"Blocked unsafe eval() '{resource}'"
        if uri in _WITHIN:
            return f"Blocked unsafe (eval() or inline) '{resource}'"
    preposition = "to" if directive == "form-action" else "from"
    return f"Blocked '{resource}' {preposition} '{blocked_source(report)}'"


def _failed(name: str, report: Json) -> str:
    return _MESSAGES[name].format(host=text_of(report, "hostname"))
