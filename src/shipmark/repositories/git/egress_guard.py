"""Guarded connections to remotes, whose addresses members of an organization choose.

The checked address is the one that is connected, so that neither DNS rebinding nor a redirect leads to a forbidden one.
"""

import contextlib
import socket
import threading
import time
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from types import TracebackType
from typing import Self

from shipmark.repositories.git.errors import TOO_BIG, TOO_SLOW, RemoteProblem, unreachable

#: Timeout for a silent remote.
SILENCE_SECONDS = 30.0
CONNECT_SECONDS = 10.0
PRIVATE = (
    "The host of the remote has a private address, which this server may not connect to:"
    " SHIPMARK_OUTGOING_ALLOW_PRIVATE allows it."
)

_NAT64 = IPv6Network("64:ff9b::/96")
# All public addresses: the rest of IPv6 is local, deprecated (site-local, IPv4-compatible ::127.0.0.1) or a
# translator's (64:ff9b:1::/48, ::ffff:0:127.0.0.1), and some of it is unknown to Python's tables (RFC 4291 2.4).
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Not global either: protocol assignments, the relays of 6to4 (RFC 7526), and addresses for documentation (RFC 9637).
_RESERVED = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))


def is_public(text: str) -> bool:
    """Return True for a public address. One that embeds another is as public as that."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(str(inner))
        if address not in _GLOBAL_UNICAST:
            return False
    if any(address in network for network in _RESERVED):
        return False
    return address.is_global and not address.is_multicast


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class EgressGuard:
    """The connections of one job: to allowed addresses only, within limits of time and bytes.

    Use it as a context manager: at the deadline all its connections are shut, even blocked ones.
    """

    def __init__(self, *, allow_private: bool, seconds_max: float, bytes_max: int) -> None:
        self._allow_private = allow_private
        self._seconds_max = seconds_max
        self._bytes_max = bytes_max
        self._received = 0
        self._deadline = time.monotonic() + seconds_max
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._clock = threading.Timer(seconds_max, self._shut)
        self._clock.daemon = True

    def __enter__(self) -> Self:
        self._clock.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._clock.cancel()
        self._shut()
        for connection in self._sockets:
            connection.close()

    @property
    def is_over(self) -> bool:
        """Return True after the deadline."""
        return time.monotonic() >= self._deadline

    def check(self) -> None:
        """Raise `RemoteProblem` after the deadline."""
        if self.is_over:
            raise RemoteProblem(TOO_SLOW.format(f"{self._seconds_max:g}"))

    def count(self, received: int) -> None:
        """Count received bytes. Raise `RemoteProblem` if they are too many, or after the deadline."""
        self._received += received
        if self._received > self._bytes_max:
            raise RemoteProblem(TOO_BIG.format(self._bytes_max), is_final=True)
        self.check()

    def connect(self, host: str, port: int) -> socket.socket:
        """Connect to an allowed address of the host. Raise `RemoteProblem` if there is none."""
        self.check()
        problem: OSError = OSError("no address")
        for family, at in self._allowed(host, port):
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(CONNECT_SECONDS)
                connection.connect(at)
            except OSError as error:
                connection.close()
                problem = error
                continue
            connection.settimeout(SILENCE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # TLS detaches the socket; a duplicate keeps the connection under control.
            with self._lock:
                self._sockets += (connection, connection.dup())
            return connection
        raise unreachable(problem)

    def _allowed(
        self, host: str, port: int
    ) -> list[tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]]:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise RemoteProblem("The host of the remote is not known.") from error
        addresses = [
            (family, at)
            for family, _, _, _, at in rows
            if family in {socket.AF_INET, socket.AF_INET6}
        ]
        allowed = [item for item in addresses if self._allow_private or is_public(str(item[1][0]))]
        if not allowed:
            raise RemoteProblem(PRIVATE, is_final=True)
        return allowed  # type: ignore[return-value]  # the families have just these

    def _shut(self) -> None:
        with self._lock:
            for connection in self._sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
