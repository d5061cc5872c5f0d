"""A connection pooler for PostgreSQL, as PgBouncer is with ``pool_mode = transaction``: a session for each transaction.

It speaks just enough of PostgreSQL's protocol: each message of a server is a letter, its length and content, and a
transaction is over with the message ``Z`` whose content is ``I``.
"""

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from select import select
from typing import Any

from sqlalchemy import make_url

_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_IDLE = b"Z\0\0\0\5I"
#: A pooler tells clients of a process of its own, so that requests to cancel a statement go to it.
_OWN_PROCESS = struct.pack("!c2i", b"K", 12, 1)


class TransactionPooler:
    """Listens on a free port, and gives each transaction the session that was idle longest. All are of one database."""

    def __init__(self, server_url: str, *, refuses_options: bool = False) -> None:
        self._server = make_url(server_url)
        self._refuses_options = refuses_options
        self._idle: deque[socket.socket] = deque()
        self._clients: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        address = self._server.set(host="127.0.0.1", port=port, query={})
        self.url = address.render_as_string(hide_password=False)

    def serve(self) -> None:
        """Accept clients until the listener is closed."""
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve_client, args=[client], daemon=True)
            self._clients.append(thread)
            thread.start()

    def close(self) -> None:
        """Stop to accept clients, wait until those that are there have gone, and close all sessions."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._clients:
            thread.join(10)
        for session in self._idle:
            session.close()

    def _serve_client(self, client: socket.socket) -> None:
        with client:
            parameters = _startup_of(client)
            if "options" in parameters and self._refuses_options:
                client.sendall(_fatal("unsupported startup parameter: options"))
                return
            parameters.pop("options", None)
            self._idle.append(self._greet(client, parameters))
            while (request := client.recv(65536)) and request[:1] != b"X":
                session = self._idle.popleft()
                session.sendall(request)
                _relay_until_idle(client, session)
                self._idle.append(session)

    def _greet(self, client: socket.socket, parameters: dict[str, str]) -> socket.socket:
        """Log in to the server as the client does. Return the session, which is any client's then."""
        session = socket.socket(socket.AF_UNIX)
        session.connect(f"{self._server.query['host']}/.s.PGSQL.{self._server.port or 5432}")
        items = "".join(f"{name}\0{value}\0" for name, value in parameters.items())
        content = struct.pack("!i", 196608) + items.encode() + b"\0"
        session.sendall(struct.pack("!i", len(content) + 4) + content)
        greeting = b""
        while not greeting.endswith(_IDLE):
            greeting += session.recv(65536)
        key = greeting.index(_OWN_PROCESS[:5])
        client.sendall(greeting[:key] + _OWN_PROCESS + greeting[key + len(_OWN_PROCESS) :])
        return session


def _startup_of(client: socket.socket) -> dict[str, str]:
    """Return the parameters with which a client begins, after its requests for encryption, which are declined."""
    while True:
        (size,) = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))
        content = client.recv(size - 4, socket.MSG_WAITALL)
        (code,) = struct.unpack("!i", content[:4])
        if code not in {_SSL_REQUEST, _GSS_REQUEST}:
            words = content[4:].rstrip(b"\0").decode().split("\0")
            return dict(zip(words[::2], words[1::2], strict=True))
        client.sendall(b"N")


def _fatal(message: str) -> bytes:
    content = f"SFATAL\0C08P01\0M{message}\0\0".encode()
    return b"E" + struct.pack("!i", len(content) + 4) + content


def _relay_until_idle(client: socket.socket, session: socket.socket) -> None:
    """Pass on what both say until the transaction is over."""
    unread = b""
    while True:
        readable, _, _ = select([client, session], [], [])
        if client in readable:
            session.sendall(client.recv(65536))
            continue
        unread += (answer := session.recv(65536))
        client.sendall(answer)
        status = b""
        while len(unread) >= 5:
            end = 1 + struct.unpack("!i", unread[1:5])[0]
            if len(unread) < end:
                break
            status, unread = unread[:end], unread[end:]
        if status == _IDLE:
            return


@contextmanager
def pooling(server_url: str, **options: Any) -> Iterator[str]:
    """Run a pooler before the database of a server until the end of the block, and give its address."""
    pooler = TransactionPooler(server_url, **options)
    thread = threading.Thread(target=pooler.serve, daemon=True)
    thread.start()
    try:
        yield pooler.url
    finally:
        pooler.close()
        thread.join()
