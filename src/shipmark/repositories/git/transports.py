"""Clients of git servers: dulwich's, on guarded connections."""

import errno
import io
import logging
import posixpath
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import paramiko  # type: ignore[import-untyped]  # the library has no types
import urllib3
from dulwich.client import (
    GitClient,
    HTTPUnauthorized,
    SSHGitClient,
    SSHVendor,
    SubprocessWrapper,
    TCPGitClient,
    Urllib3HttpGitClient,
)
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository
from dulwich.protocol import CAPABILITY_PACKFILE_URIS, Protocol
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.retry import Retry

from shipmark.repositories.git.addresses import Address, Credentials
from shipmark.repositories.git.egress_guard import SILENCE_SECONDS, EgressGuard
from shipmark.repositories.git.errors import (
    NO_REPOSITORY,
    RemoteProblem,
    refused_credentials,
    server_problem,
    unreachable,
)
from shipmark.repositories.git.known_hosts import KnownHosts
from shipmark.repositories.git.ssh_keys import UNUSABLE

_REDIRECTS_MAX = 5
_KEYS: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
#: The SSH user if the address has none, as on every git host.
_GIT_USER = "git"


# Shipmark logs problems, in one line per job; these loggers would print to the terminal, and more than they should.
for _name in ("dulwich", "paramiko", "urllib3"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


@contextmanager
def open_client(
    address: Address, credentials: Credentials, outgoing: EgressGuard, hosts: KnownHosts
) -> Iterator[GitClient]:
    """Open a client of the remote. Raise `RemoteProblem` for its errors."""
    with _translated(outgoing, credentials):
        client = _client(address, credentials, outgoing, hosts)
        client._fetch_capabilities.discard(CAPABILITY_PACKFILE_URIS)  # noqa: SLF001  # there is no public way
        try:
            yield client
        finally:
            client.close()


def path_of(address: Address) -> str:
    """Return the path to request; of HTTP it is in the client's address already."""
    return "" if address.scheme in {"http", "https"} else address.path


@contextmanager
def _translated(outgoing: EgressGuard, credentials: Credentials) -> Iterator[None]:
    try:
        yield
    except RemoteProblem:
        raise
    except Exception as error:
        # The library raises whatever its parsers raise; the guard closes connections while they are in use.
        outgoing.check()
        problem = _problem(error)
        sentence = credentials.hidden_in(problem.sentence)
        raise RemoteProblem(sentence, is_final=problem.is_final) from error


def _problem(error: Exception) -> RemoteProblem:
    match error:
        case HTTPUnauthorized() | paramiko.AuthenticationException():
            return refused_credentials()
        case NotGitRepository():
            return RemoteProblem(NO_REPOSITORY)
        case GitProtocolError():
            return _of_protocol(error)
        case OSError() | EOFError() | paramiko.SSHException() | urllib3.exceptions.HTTPError():
            return unreachable(_root(error))
    return RemoteProblem(f"The remote's answer can't be read ({type(error).__name__}).")


def _of_protocol(error: GitProtocolError) -> RemoteProblem:
    cause = error.__cause__
    if isinstance(cause, OSError | urllib3.exceptions.HTTPError):
        return unreachable(_root(cause))
    lines = error.stderr_lines if isinstance(error, HangupException) else None
    return server_problem(b" ".join(lines).decode("utf-8", "replace") if lines else str(error))


def _root(error: BaseException) -> BaseException:
    fields = [arg for arg in error.args if isinstance(arg, BaseException)]
    inner = (
        error.__cause__ or error.__context__ or getattr(error, "reason", None) or [*fields, None][0]
    )
    return _root(inner) if isinstance(inner, BaseException) else error


def _client(
    address: Address, credentials: Credentials, outgoing: EgressGuard, hosts: KnownHosts
) -> GitClient:
    if address.scheme in {"http", "https"}:
        return _Http(address, credentials, outgoing)
    if address.scheme == "git":
        return _Tcp(address, outgoing)
    assert address.scheme == "ssh", "files are read where they are"
    vendor = _Ssh(address, credentials, outgoing, hosts)
    return _SshClient(address.host, vendor=vendor, thin_packs=False)


class _Pools(urllib3.PoolManager):
    """Guarded connections, also after redirects; proxies of the environment are not used."""

    def __init__(self, outgoing: EgressGuard) -> None:
        retries = Retry(connect=0, read=0, status=0, other=0, total=None, redirect=_REDIRECTS_MAX)
        super().__init__(
            retries=retries,
            timeout=SILENCE_SECONDS,
            headers={"User-Agent": "git/2 (Shipmark)"},
            cert_reqs="CERT_REQUIRED",
        )

        class Http(HTTPConnection):
            def _new_conn(self) -> Any:
                return outgoing.connect(self.host, self.port)

        class Https(HTTPSConnection):
            def _new_conn(self) -> Any:
                return outgoing.connect(self.host, self.port)

        class HttpPool(HTTPConnectionPool):
            ConnectionCls = Http

        class HttpsPool(HTTPSConnectionPool):
            ConnectionCls = Https

        self.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}
        self._responses: list[urllib3.BaseHTTPResponse] = []

    def urlopen(self, *args: Any, **more: Any) -> urllib3.BaseHTTPResponse:
        """Send a request, and register the response to close it."""
        response = super().urlopen(*args, **more)
        self._responses.append(response)
        return response

    def clear(self) -> None:
        """Close all connections, also of responses that the library does not read to their end."""
        for response in self._responses:
            response.close()
        super().clear()


class _Http(Urllib3HttpGitClient):
    """Git over HTTP, with received bytes counted."""

    def __init__(self, address: Address, credentials: Credentials, outgoing: EgressGuard) -> None:
        username = credentials.username
        if username is None and credentials.password is not None:
            username = _GIT_USER
        super().__init__(
            str(address),
            pool_manager=_Pools(outgoing),
            username=username,
            password=credentials.password,
            thin_packs=False,
        )
        self._outgoing = outgoing

    def _http_request(self, *args: Any, **more: Any) -> Any:
        response, read = super()._http_request(*args, **more)
        return response, _counted(read, self._outgoing)

    def close(self) -> None:
        """Close the connections."""
        self.pool_manager.clear()

    def _discover_references(self, *args: Any, **more: Any) -> Any:
        row = super()._discover_references(*args, **more)
        if self.dumb:
            raise RemoteProblem(NO_REPOSITORY)
        return row


def _counted(read: Callable[..., bytes], outgoing: EgressGuard) -> Callable[..., bytes]:
    def reading(*args: object) -> bytes:
        result = read(*args)
        outgoing.count(len(result))
        return result

    return reading


class _Tcp(TCPGitClient):
    """Git's own protocol over TCP."""

    def __init__(self, address: Address, outgoing: EgressGuard) -> None:
        super().__init__(address.host, address.known_port, thin_packs=False)
        self._outgoing = outgoing
        self._protocols: list[Protocol] = []

    def close(self) -> None:
        """Close what the library leaves open when something goes wrong."""
        _close(self._protocols)

    def _connect(
        self,
        cmd: bytes,
        path: str | bytes,
        protocol_version: int | None = None,  # noqa: ARG002  # always the newest
    ) -> tuple[Protocol, Callable[[], bool], IO[bytes] | None]:
        connection = self._outgoing.connect(self._host, self._port)
        reader = connection.makefile("rb")

        def close() -> None:
            reader.close()
            connection.close()

        protocol = Protocol(
            _counted(reader.read, self._outgoing), _writer(connection.sendall), close
        )
        encoded_path = path.encode() if isinstance(path, str) else path
        host = self._host.encode("idna")
        self._protocols.append(protocol)
        protocol.send_cmd(b"git-" + cmd, encoded_path, b"host=" + host + b"\0\0version=2\0")
        return protocol, lambda: False, None


def _writer(send: Callable[[bytes], object]) -> Callable[[bytes], int]:
    def write(content: bytes) -> int:
        send(content)
        return len(content)

    return write


def _close(protocols: list[Protocol]) -> None:
    for protocol in protocols:
        with suppress(OSError, EOFError):
            protocol.close()


class _SshClient(SSHGitClient):
    """Git over SSH."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._protocols: list[Protocol] = []

    def _connect(self, *args: Any, **more: Any) -> Any:
        row = super()._connect(*args, **more)
        self._protocols.append(row[0])
        return row

    def close(self) -> None:
        """Close what the library leaves open when something goes wrong."""
        _close(self._protocols)


class _Ssh(SSHVendor):
    """Git over SSH in this process: no program of the machine is run, and none of its configuration is used."""

    def __init__(
        self, address: Address, credentials: Credentials, outgoing: EgressGuard, hosts: KnownHosts
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._outgoing = outgoing
        self._hosts = hosts

    def run_command(self, host: str, command: bytes, *_: object, **__: object) -> SubprocessWrapper:
        """Run git's command on the host."""
        transport = paramiko.Transport(self._outgoing.connect(host, self._address.known_port or 22))
        try:
            transport.start_client(timeout=SILENCE_SECONDS)
            self._hosts.check(
                host, self._address.known_port or 22, transport.get_remote_server_key()
            )
            self._sign_in(transport)
            channel = transport.open_session(timeout=SILENCE_SECONDS)
            channel.settimeout(SILENCE_SECONDS)
            channel.set_environment_variable("GIT_PROTOCOL", "version=2")
            channel.exec_command(command)
        except BaseException:
            transport.close()
            raise
        return _Channel(transport, channel, self._outgoing)  # type: ignore[return-value]  # has the methods used

    def _sign_in(self, transport: paramiko.Transport) -> None:
        who = self._credentials
        username = self._address.username or who.username or _GIT_USER
        if who.ssh_key is not None:
            transport.auth_publickey(username, ssh_key(who.ssh_key))
        elif who.password is not None:
            transport.auth_password(username, who.password)
        else:
            transport.auth_none(username)


class _Channel:
    """A channel, with the interface that dulwich needs."""

    def __init__(
        self, transport: paramiko.Transport, channel: paramiko.Channel, outgoing: EgressGuard
    ) -> None:
        self._transport = transport
        self._channel = channel
        self.read = _counted(channel.makefile("rb").read, outgoing)
        self.write = _writer(self._send)
        self.stderr = channel.makefile_stderr("rb")

    def _send(self, content: bytes) -> None:
        try:
            self._channel.sendall(content)
        except TimeoutError:
            raise
        except OSError:
            is_closed = True
        else:
            is_closed = False
        # For a channel that the server has closed, the library raises a bare OSError, which names no reason.
        # The error that replaces it is raised here so that it has no other as its cause (see `_root`).
        if is_closed:
            raise BrokenPipeError(errno.EPIPE, "The server closed the channel")

    def can_read(self) -> bool:
        """Return True if there is unread data."""
        return bool(self._channel.recv_ready())

    def close(self) -> None:
        """Close the connection, which the server may have closed already."""
        with suppress(EOFError, OSError, paramiko.SSHException):
            self._channel.close()
        self._transport.close()


def ssh_key(text: str) -> paramiko.PKey:
    """Return the private key of a text in OpenSSH's or PEM format. Raise `RemoteProblem` if it is none."""
    for kind in _KEYS:
        try:
            return kind.from_private_key(io.StringIO(text.strip() + "\n"))
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            continue
    raise RemoteProblem(UNUSABLE, is_final=True)


def local_path(address: Address) -> Path:
    """Return the path of a ``file:`` address."""
    return Path(posixpath.normpath(address.path))
