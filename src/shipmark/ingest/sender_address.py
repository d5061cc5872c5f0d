"""Replacement of ``{{auto}}`` in events by the sender's address (ingest.md 8.5)."""

from shipmark.events.parsing import is_ip_address

AUTO = "{{auto}}"


def with_sender_address(payload: dict[str, object], address: str | None) -> dict[str, object]:
    """Return the event with ``{{auto}}`` replaced by the sender's address.

    It occurs in ``user.ip_address`` and in ``request.env.REMOTE_ADDR``. If the connection has no address (a Unix
    socket), the value is removed.
    """
    valid = address if address is not None and is_ip_address(address) else None
    changed = _replaced(payload, ("user", "ip_address"), valid)
    return _replaced(changed, ("request", "env", "REMOTE_ADDR"), valid)


def _replaced(
    value: dict[str, object], path: tuple[str, ...], address: str | None
) -> dict[str, object]:
    name, *rest = path
    inner = value.get(name)
    if rest:
        if not isinstance(inner, dict):
            return value
        changed: object = _replaced(inner, tuple(rest), address)
        return value if changed is inner else {**value, name: changed}
    if inner != AUTO:
        return value
    if address is None:
        return {key: other for key, other in value.items() if key != name}
    return {**value, name: address}
