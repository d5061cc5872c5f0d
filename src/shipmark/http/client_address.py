"""Client addresses, also behind proxies that the operator trusts."""

import ipaddress
from functools import cache

from shipmark.http import AnyRequest
from shipmark.infrastructure.addresses import without_port
from shipmark.infrastructure.settings import Settings, SettingsError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: The most addresses of ``X-Forwarded-For`` that are read, from its end.
_HOPS_MAX = 20


def client_address(request: AnyRequest, settings: Settings) -> str | None:
    """Return the address of the client of a request; see `forwarded_address`."""
    peer = request.client.host if request.client else None
    header = ",".join(request.headers.getall("x-forwarded-for", []))
    return forwarded_address(peer, header, settings.trusted_proxies)


def is_from_trusted_proxy(request: AnyRequest, settings: Settings) -> bool:
    """Return whether the connection of a request is from a proxy that the operator trusts."""
    peer = parsed_address(request.client.host) if request.client else None
    networks = trusted_networks(settings.trusted_proxies)
    return peer is not None and any(peer in network for network in networks)


def forwarded_address(peer: str | None, header: str, trusted_proxies: str) -> str | None:
    """Return the address of the client, or None if the connection has none (a Unix socket).

    For a connection from a trusted proxy (``SHIPMARK_TRUSTED_PROXIES``), this is the last address of
    ``X-Forwarded-For`` that is not a trusted proxy. Entries before that one, or before an invalid one, could have
    been written by any client and are ignored.
    """
    networks = trusted_networks(trusted_proxies)
    if not networks or peer is None:
        return peer
    address = parsed_address(peer)
    if address is None:
        return peer
    for text in reversed(header.rsplit(",", _HOPS_MAX)[-_HOPS_MAX:]):
        is_trusted = any(address in network for network in networks)
        if not is_trusted or (hop := parsed_address(text)) is None:
            break
        address = hop
    return str(address)


@cache
def trusted_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of the setting; raise `SettingsError` for an invalid address or network."""
    result = []
    for part in filter(None, (item.strip() for item in text.split(","))):
        try:
            result.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            raise SettingsError(
                "SHIPMARK_TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8,"
                f" apart by commas, not {part!r}."
            ) from None
    return tuple(result)


def parsed_address(text: str) -> Address | None:
    """Return an address that may have a port, or None; an IPv4-mapped IPv6 address is returned as IPv4."""
    try:
        address = ipaddress.ip_address(without_port(text))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
