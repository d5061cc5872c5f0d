"""The trusted relays of organizations: validation and storage of their public keys (files-and-avatars.md 1.4.3)."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shipmark.infrastructure.clock import wire_text
from shipmark.infrastructure.module_loading import LateModule

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ed25519
else:
    ed25519 = LateModule("cryptography.hazmat.primitives.asymmetric.ed25519")

TEXT_MAX = 2000
_BASE64 = re.compile(r"[A-Za-z0-9_-]+")
BAD_STRUCTURE = "Bad structure received for Trusted Relays"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayInput:
    """A relay as sent by a client."""

    name: str
    public_key: str
    description: str | None


class RelayError(Exception):
    """A relay is invalid; the message names it and the reason."""


def parse_relays(entries: Sequence[object]) -> list[RelayInput]:
    """Parse a list of relays. Raise `RelayError` for the first invalid one."""
    relay_inputs: dict[str, RelayInput] = {}
    for entry in entries:
        relay = _parse_relay(entry)
        if relay.public_key in relay_inputs:
            raise RelayError(f"Duplicated key in Trusted Relays: '{relay.public_key}'")
        relay_inputs[relay.public_key] = relay
    return list(relay_inputs.values())


def merge_relays(
    known: Sequence[Mapping[str, object]], relays: Sequence[RelayInput], at: datetime
) -> list[dict[str, object]] | None:
    """Return the relays to store in place of the known ones, or None if nothing changed."""
    before = {str(relay["public_key"]): relay for relay in known}
    stored = [_merge_relay(before.get(relay.public_key), relay, at) for relay in relays]
    is_same = len(stored) == len(before) and all(
        item == before.get(str(item["public_key"])) for item in stored
    )
    return None if is_same else stored


def _merge_relay(
    before: Mapping[str, object] | None, relay: RelayInput, at: datetime
) -> dict[str, object]:
    fresh: dict[str, object] = {
        "name": relay.name,
        "description": relay.description,
        "public_key": relay.public_key,
    }
    timestamp = wire_text(at)
    if before is None:
        return fresh | {"created": timestamp, "last_modified": timestamp}
    is_same = all(before.get(name) == fresh[name] for name in ("name", "description"))
    changed = before.get("last_modified") if is_same else timestamp
    return fresh | {"created": before.get("created"), "last_modified": changed}


def _parse_relay(entry: object) -> RelayInput:
    if not isinstance(entry, Mapping):
        raise RelayError(BAD_STRUCTURE)
    if entry.get("name") is None:
        raise RelayError("Relay key info with missing name in Trusted Relays")
    name, key, description = (
        _text(entry.get(item)) for item in ("name", "publicKey", "description")
    )
    if not name:
        raise RelayError("Relay key info with empty name in Trusted Relays")
    if not key:
        raise RelayError(
            f"Missing public key for relay key info with name:'{name}' in Trusted Relays"
        )
    if not _is_key(key):
        raise RelayError(
            f"Invalid public key for relay key info with name:'{name}' in Trusted Relays"
        )
    return RelayInput(name=name, public_key=key, description=description)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > TEXT_MAX or "\x00" in value:
        raise RelayError(BAD_STRUCTURE)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise RelayError(BAD_STRUCTURE) from None
    return value.strip()


def _is_key(text: str) -> bool:
    """Return True for an Ed25519 key in URL-safe base64, with or without padding."""
    digits = text.rstrip("=")
    if _BASE64.fullmatch(digits) is None:
        return False
    try:
        content = base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))
        ed25519.Ed25519PublicKey.from_public_bytes(content)
    except (binascii.Error, ValueError):
        return False
    return True
