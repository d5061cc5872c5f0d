"""What the connection of a sender tells about an event: its address and its User-Agent (ingest.md 5, 8.5)."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from shipmark.events.payload import Json, object_of, pairs_of, text_of
from shipmark.infrastructure.addresses import without_port

AUTO = "{{auto}}"
#: Platforms whose events come from the device of the user, not from a server.
_ON_DEVICES = frozenset({"javascript", "cocoa", "objc"})
#: No address is longer, with its zone.
_ADDRESS_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The sender of an event. Without an address (a Unix socket) or a User-Agent, they are None."""

    address: str | None = None
    user_agent: str | None = None


UNKNOWN_SENDER = Sender()


def with_sender(payload: Json, sender: Sender) -> Json:
    """Return the event with what its sender's connection tells.

    ``{{auto}}`` in ``user.ip_address`` and ``request.env.REMOTE_ADDR`` is replaced by the address, or removed; ports
    and further addresses there, as proxies and servers add them, are left out. Events of browsers get the address of
    their user and the User-Agent of their request, unless they have them.
    """
    address = sender.address if sender.address and is_ip_address(sender.address) else None
    payload = _replaced(payload, ("user", "ip_address"), address)
    payload = _replaced(payload, ("request", "env", "REMOTE_ADDR"), address)
    platform = text_of(payload, "platform")
    if platform in _ON_DEVICES and address and _infers_address(payload):
        payload = with_user_address(payload, address)
    if platform == "javascript" and sender.user_agent and not user_agent_of(payload):
        payload = _with_user_agent(payload, sender.user_agent)
    return payload


def with_address_of_request(payload: Json) -> Json:
    """Return the event with the address of its request as that of its user, if the user has none."""
    address = text_of(object_of(object_of(payload, "request"), "env"), "REMOTE_ADDR")
    return with_user_address(payload, address) if is_ip_address(address) else payload


def with_user_address(payload: Json, address: str) -> Json:
    """Return the event with the address of its user, if it has none."""
    user = payload.get("user")
    if user is not None and (not isinstance(user, dict) or user.get("ip_address") is not None):
        return payload
    return {**payload, "user": {**(user or {}), "ip_address": address}}


def user_agent_of(payload: Json) -> str:
    """Return the User-Agent of the event's request, or ""."""
    for name, value in pairs_of(object_of(payload, "request").get("headers")):
        if _is_user_agent(name):
            return text_of({"value": value}, "value")
    return ""


def is_ip_address(text: str) -> bool:
    """Return True for an IP address, False for placeholders of SDKs, such as ``{{auto}}``."""
    return len(text) <= _ADDRESS_MAX and _is_ip_address(text)


@lru_cache(4096)
def _is_ip_address(text: str) -> bool:
    # An event has the same address in several places, and an application's users come again: parsing takes 3 µs.
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_user_agent(name: object) -> bool:
    return isinstance(name, str) and name.lower() == "user-agent"


def _infers_address(payload: Json) -> bool:
    """Return False for clients that ask not to (``sdk.settings.infer_ip``)."""
    settings = object_of(object_of(payload, "sdk"), "settings")
    return text_of(settings, "infer_ip") != "never"


def _with_user_agent(payload: Json, user_agent: str) -> Json:
    request = payload.get("request") or {}
    headers = request.get("headers") if isinstance(request, dict) else 0
    if isinstance(headers, list):
        changed: object = [*headers, ["User-Agent", user_agent]]
    elif headers is None or isinstance(headers, dict):
        changed = {**(headers or {}), "User-Agent": user_agent}
    else:
        return payload
    return {
        **payload,
        "request": {**object_of({"request": request}, "request"), "headers": changed},
    }


def _replaced(value: Json, path: tuple[str, ...], address: str | None) -> Json:
    name, *rest = path
    inner = value.get(name)
    if rest:
        if not isinstance(inner, dict):
            return value
        changed: object = _replaced(inner, tuple(rest), address)
        return value if changed is inner else {**value, name: changed}
    if not isinstance(inner, str):
        return value
    read = address if inner == AUTO else _address_in(inner)
    if read is None:
        return {key: other for key, other in value.items() if key != name}
    return value if read == inner else {**value, name: read}


def _address_in(text: str) -> str:
    """Return the first address of a text, without a port, or the text if there is none."""
    if is_ip_address(text):
        return text
    first = without_port(text.partition(",")[0])
    return first if is_ip_address(first) else text
