"""Contexts from the User-Agent of a request: browser, operating system and device (decision 29)."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from shipmark.events.payload import Json, object_of
from shipmark.events.sender import user_agent_of
from shipmark.infrastructure.module_loading import LateModule

if TYPE_CHECKING:
    import ua_parser
    from ua_parser import regex as ua_parser_regex
else:
    ua_parser, ua_parser_regex = LateModule("ua_parser"), LateModule("ua_parser.regex")

#: Longer ones are cut: browsers send up to 250 characters.
USER_AGENT_MAX = 512
#: User-Agents repeat: this many are remembered.
REMEMBERED_MAX = 2048
_UNKNOWN = "Other"


def with_user_agent_contexts(payload: Json) -> Json:
    """Return the event with the contexts ``browser``, ``os`` and ``device`` of its request, unless it has them.

    An event with an ``os`` is of a server, whose client's is ``client_os``.
    """
    user_agent = user_agent_of(payload)
    if not user_agent:
        return payload
    sent = object_of(payload, "contexts")
    made = {
        "client_os" if name == "os" and "os" in sent else name: context
        for name, context in contexts_of(user_agent).items()
    }
    added = {name: dict(context) for name, context in made.items() if name not in sent}
    return {**payload, "contexts": {**sent, **added}} if added else payload


def contexts_of(user_agent: str) -> dict[str, dict[str, str]]:
    """Return the contexts that a User-Agent tells, none for an unknown one. They are shared: do not change them."""
    return _contexts(user_agent[:USER_AGENT_MAX])


@lru_cache(REMEMBERED_MAX)
def _contexts(user_agent: str) -> dict[str, dict[str, str]]:
    parsed = _parser().parse(user_agent)
    contexts: dict[str, dict[str, str]] = {}
    browser, system, device = parsed.user_agent, parsed.os, parsed.device
    if browser and browser.family != _UNKNOWN:
        version = _version((browser.major, browser.minor, browser.patch))
        contexts["browser"] = _context(name=browser.family, version=version)
    if system and system.family != _UNKNOWN:
        version = _version((system.major, system.minor, system.patch))
        contexts["os"] = _context(name=system.family, version=version)
    if device and device.family != _UNKNOWN:
        model, brand = device.model or "", device.brand or ""
        contexts["device"] = _context(family=device.family, model=model, brand=brand)
    return contexts


def _context(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _version(parts: Iterable[str | None]) -> str:
    return ".".join(part for part in parts if part)


@cache
def _parser() -> "ua_parser.Parser":
    """Return the parser, which takes 0.35 s to make and 26 MiB: only processes that need one have it."""
    return ua_parser.Parser(ua_parser_regex.Resolver(ua_parser.load_lazy_builtins()))
