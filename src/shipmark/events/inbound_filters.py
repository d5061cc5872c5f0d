"""Events that a project wants to be dropped: of extensions, crawlers, old browsers, addresses, releases, messages.

Their lists are written with an entry a line.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from shipmark.events import security_reports
from shipmark.events.globs import expression_of
from shipmark.events.payload import (
    Json,
    as_text,
    exceptions_of,
    filename_of,
    object_of,
    text_of,
)
from shipmark.events.sender import Sender, user_agent_of
from shipmark.events.titles import message_of
from shipmark.events.user_agents import contexts_of

PATTERNS_MAX = 500
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Old versions of browsers, by the name of the filter: the parser's names of the browser, and the first version that
#: is not old. Those with "pre" are the former names.
_BROWSERS: Mapping[str, tuple[frozenset[str], float, float]] = {
    name: (frozenset(families), first, end)
    for name, families, first, end in (
        ("ie", ("IE", "IE Mobile"), 0, 12),
        ("ie_pre_9", ("IE",), 0, 9),
        ("ie9", ("IE",), 9, 10),
        ("ie10", ("IE",), 10, 11),
        ("ie11", ("IE",), 11, 12),
        ("edge", ("Edge", "Edge Mobile"), 0, 79),
        ("edge_pre_79", ("Edge", "Edge Mobile"), 0, 79),
        ("chrome", ("Chrome", "Chrome Mobile"), 0, 63),
        ("firefox", ("Firefox", "Firefox Mobile"), 0, 67),
        ("safari", ("Safari", "Mobile Safari"), 0, 12),
        ("safari_pre_6", ("Safari",), 0, 6),
        ("opera", ("Opera", "Opera Mobile"), 0, 51),
        ("opera_pre_15", ("Opera",), 0, 15),
        ("opera_mini", ("Opera Mini",), 0, 35),
        ("opera_mini_pre_8", ("Opera Mini",), 0, 8),
        ("android", ("Android",), 0, 4),
        ("android_pre_4", ("Android",), 0, 4),
    )
}
LEGACY_BROWSERS = tuple(_BROWSERS)
_EXTENSION_SCHEMES = (
    "chrome-extension:", "moz-extension:", "safari-extension:", "safari-web-extension:", "ms-browser-extension:",
    "webkit-masked-url:", "chrome:", "resource:",
)  # fmt: skip
#: Texts of errors of scripts that extensions put into pages.
_EXTENSION_TEXTS = re.compile(
    r"top\.GLOBALS|originalCreateNotification|canvas\.contentDocument|MyApp_RemoveAllHighlights|atomicFindClose"
    r"|conduitPage|fb_xd_fragment|bmi_SafeAddOnload|EBCallBackMessageReceived|miscellaneous_bindings"
    r"|plugin\.setSuspendState|__gCrWeb|Extension context invalidated"
)
_VERSION_DIGITS_MAX = 9
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SPIDER = "Spider"
ADDRESSES = "filters:blacklisted_ips"
_ENTRY_MAX = 1000


class DropReason(StrEnum):
    """Why an event was dropped, as it is counted."""

    ADDRESS = "ip-address"
    RELEASE = "release-version"
    MESSAGE = "error-message"
    EXTENSION = "browser-extensions"
    LOCALHOST = "localhost"
    BROWSER = "legacy-browsers"
    CRAWLER = "web-crawlers"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundFilters:
    """The filters of a project; by default none drops anything."""

    has_extensions: bool = False
    has_localhost: bool = False
    has_crawlers: bool = False
    browsers: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    releases: re.Pattern[str] | None = None
    messages: re.Pattern[str] | None = None

    @property
    def is_empty(self) -> bool:
        """Return True if no event can be dropped."""
        return self == NO_FILTERS


NO_FILTERS = InboundFilters()


def reason_to_drop(payload: Json, filters: InboundFilters, sender: Sender) -> DropReason | None:
    """Return the first reason to drop an event, or None."""
    if filters.is_empty:
        return None
    tests = _tests(payload, filters, sender)
    return next((reason for reason, is_met in tests if is_met), None)


def _tests(
    payload: Json, filters: InboundFilters, sender: Sender
) -> Iterator[tuple[DropReason, bool]]:
    """Yield whether each filter drops the event; later ones are tested only if those before do not."""
    if filters.networks:
        addresses = _addresses(payload, sender)
        yield DropReason.ADDRESS, any(_is_within(text, filters.networks) for text in addresses)
    if filters.releases:
        yield DropReason.RELEASE, _fits(filters.releases, [text_of(payload, "release")])
    if filters.messages:
        yield DropReason.MESSAGE, _fits(filters.messages, _messages(payload))
    if filters.has_localhost:
        yield DropReason.LOCALHOST, _is_local(payload)
    if filters.has_extensions:
        yield DropReason.EXTENSION, _is_of_extension(payload)
    if filters.has_crawlers or filters.browsers:
        contexts = contexts_of(user_agent_of(payload))
        is_spider = contexts.get("device", {}).get("family") == _SPIDER
        yield DropReason.CRAWLER, filters.has_crawlers and is_spider
        yield DropReason.BROWSER, _is_old(contexts.get("browser", {}), filters.browsers)


def reason_to_drop_session(
    filters: InboundFilters, *, address: str, user_agent: str
) -> DropReason | None:
    """Return the first reason to drop a session of an app, by what it has in common with events (ingest.md 7.4)."""
    if filters.is_empty:
        return None
    if _is_within(address, filters.networks):
        return DropReason.ADDRESS
    if filters.has_localhost and address in _LOCAL_NAMES:
        return DropReason.LOCALHOST
    if filters.has_crawlers and _is_crawler(user_agent):
        return DropReason.CRAWLER
    return None


def first_current_version(browser: str) -> int:
    """Return the first version of one of `LEGACY_BROWSERS` that is not old, 0 for another name."""
    return int(_BROWSERS[browser][2]) if browser in _BROWSERS else 0


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the addresses and networks of texts. Raise ValueError for one that is neither."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def pattern_of(globs: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str] | None:
    """Return one pattern of several globs, None of none. Raise ValueError for one that is none."""
    expressions = [expression_of(glob) for glob in globs]
    return re.compile("|".join(expressions), flags | re.DOTALL) if expressions else None


def _addresses(payload: Json, sender: Sender) -> Iterator[str]:
    if sender.address:
        yield sender.address
    if address := text_of(object_of(payload, "user"), "ip_address"):
        yield address


def _is_within(text: str, networks: Iterable[Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _fits(pattern: re.Pattern[str], texts: Iterable[str]) -> bool:
    return any(text and pattern.fullmatch(text) for text in texts)


def _messages(payload: Json) -> Iterator[str]:
    """Yield the texts that patterns may fit: the message, and of exceptions the value, and the type before it."""
    yield message_of(payload)
    for raised in exceptions_of(payload):
        yield raised.value
        yield f"{raised.type}: {raised.value}" if raised.value else raised.type


def _is_local(payload: Json) -> bool:
    if text_of(object_of(payload, "user"), "ip_address") in _LOCAL_NAMES:
        return True
    try:
        host = urlsplit(text_of(object_of(payload, "request"), "url")).hostname or ""
    except ValueError:
        return False
    return host in _LOCAL_NAMES or host.endswith(".localhost")


def _is_of_extension(payload: Json) -> bool:
    """Return True for an error of JavaScript that an extension of the browser raised, or a report that it caused."""
    if security_reports.is_of_extension(payload):
        return True
    if payload.get("platform") != "javascript":
        return False
    chain = exceptions_of(payload)
    if not chain:
        return False
    if _EXTENSION_TEXTS.search(chain[-1].value):
        return True
    last = chain[-1].frames[-1] if chain[-1].frames else {}
    path = text_of(last, "abs_path") or filename_of(last)
    return path.startswith(_EXTENSION_SCHEMES)


def _is_crawler(user_agent: str) -> bool:
    return contexts_of(user_agent).get("device", {}).get("family") == _SPIDER


def _is_old(browser: Mapping[str, str], names: Iterable[str]) -> bool:
    major = as_text(browser.get("version")).partition(".")[0]
    # A client may send any number of digits, of which Python converts 4,300.
    if not major.isdecimal() or len(major) > _VERSION_DIGITS_MAX:
        return False
    known = [_BROWSERS[name] for name in names if name in _BROWSERS]
    return any(
        browser.get("name") in families and first <= int(major) < end
        for families, first, end in known
    )


class FilterListError(Exception):
    """A list can't be taken; the text says why."""


def entries_of(name: str, text: str) -> list[str]:
    """Return the entries of a list, each once, in order; ``name`` is that of its option.

    Raise `FilterListError` for too many, too long ones, and those that are neither an address nor a pattern.
    """
    entries = lines_of(text)
    if len(entries) > PATTERNS_MAX:
        raise FilterListError(f"more than {PATTERNS_MAX} entries.")
    for entry in entries:
        _require_valid(name, entry)
    return entries


def lines_of(text: str) -> list[str]:
    """Return the lines of a text that are not blank, each once, without blanks around it."""
    lines = (line.strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def _require_valid(name: str, entry: str) -> None:
    if len(entry) > _ENTRY_MAX or "\x00" in entry:
        raise FilterListError(f"an entry has at most {_ENTRY_MAX} characters.")
    try:
        if name == ADDRESSES:
            networks_of([entry])
        else:
            pattern_of([entry])
    except ValueError:
        raise FilterListError(f'"{entry}" is not valid.') from None
