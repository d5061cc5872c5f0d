"""Real git servers for the tests, on this machine: HTTP with ``git http-backend``, ``git daemon``, SSH by paramiko."""

import base64
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import paramiko
from processes import free_port

USERNAME, PASSWORD = "deploy", "hunter2-very-secret"
#: 2026-01-02T10:00:00Z
FIRST_AT = 1_767_348_000

_QUIET = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


@dataclass
class Origin:
    """A bare repository that servers serve, filled without a working copy."""

    folder: Path
    keys: dict[str, str] = field(default_factory=dict)
    #: The last commit of each branch that this object has made.
    heads: dict[str, str] = field(default_factory=dict)

    def git(self, *words: str, content: bytes | None = None) -> str:
        """Run git in it, without any settings of the machine."""
        done = subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env=_QUIET,
            input=content,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "replace").strip()

    def commit(
        self,
        message: str,
        files: dict[str, str | None] | None = None,
        *,
        branch: str = "main",
        parents: Sequence[str] | None = None,
        at: int | None = None,
        author: str = "Ada <ada@example.com>",
    ) -> str:
        """Commit changed files (null deletes) on a branch; says the key. Without parents it goes on."""
        at = FIRST_AT + 60 * len(self.keys) if at is None else at
        changed = {f"file{len(self.keys)}.py": message} if files is None else files
        if parents is None:
            parents = [self.heads[branch]] if branch in self.heads else []
        links = [
            f"{word} {key}" for word, key in zip(["from", *["merge"] * 9], parents, strict=False)
        ]
        lines = [f"commit refs/heads/{branch}", "mark :1"]
        lines += [f"{who} {author} {at} +0200" for who in ("author", "committer")]
        text = ("\n".join(lines) + "\n").encode() + _data(message.encode())
        text += "".join(f"{link}\n" for link in links).encode()
        for path, content in changed.items():
            text += (
                f"D {path}\n".encode()
                if content is None
                else f"M 100644 inline {path}\n".encode() + _data(content.encode())
            )
        # The last line has it print the key.
        key = self.git("fast-import", "--quiet", "--force", content=text + b"get-mark :1\n")
        self.keys[message] = self.heads[branch] = key
        return key

    def grow(self, count: int, *, branch: str = "main") -> list[str]:
        """Have many commits at once, each of one file of a few hundred; says their keys, the oldest first."""
        parts = []
        for number in range(count):
            at = FIRST_AT + 60 * number
            who = f"Ada <ada@example.com> {at} +0000"
            parts.append(f"commit refs/heads/{branch}\nauthor {who}\ncommitter {who}\n".encode())
            parts.append(_data(f"Change {number}".encode()))
            parts.append(f"M 100644 inline d{number % 20}/f{number % 300}.py\n".encode())
            parts.append(_data(str(number).encode()))
        self.git("fast-import", "--quiet", content=b"".join(parts))
        keys = self.git("rev-list", "--reverse", f"refs/heads/{branch}").split()
        self.heads[branch] = keys[-1]
        return keys


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def origin(folder: Path, **configuration: str) -> Origin:
    """An empty bare repository; ``uploadpack_allowFilter="true"`` sets git's setting of that name."""
    folder.mkdir(parents=True)
    made = Origin(folder)
    made.git("init", "--quiet", "--bare", "--initial-branch", "main")
    for name, value in configuration.items():
        made.git("config", name.replace("_", "."), value)
    return made


@dataclass
class HttpServer:
    """``git http-backend`` behind HTTP. It can be told to be away, to be slow or to lead elsewhere."""

    folder: Path
    password: str | None
    has_version_2: bool
    url: str = ""
    asked: list[str] = field(default_factory=list)
    is_away: bool = False
    leads_to: str | None = None
    waits_seconds: float = 0.0
    #: Ends the wait.
    is_over: threading.Event = field(default_factory=threading.Event)
    on_request: Callable[[], object] | None = None


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    it: HttpServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listening

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _answer(self, body: bytes) -> None:
        it = self.server.it
        it.asked.append(f"{self.command} {self.path}")
        if it.on_request is not None:
            it.on_request()
        it.is_over.wait(it.waits_seconds)
        if it.is_away:
            self._send(503, [], b"away")
        elif it.leads_to is not None:
            self._send(302, [("Location", it.leads_to + self.path)], b"")
        elif it.password is not None and self.headers.get("Authorization") != _basic(it.password):
            self._send(401, [("WWW-Authenticate", 'Basic realm="git"')], b"who?")
        else:
            self._backend(it, body)

    def _backend(self, it: HttpServer, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        more = {
            "GIT_PROJECT_ROOT": str(it.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        if it.has_version_2 and "Git-Protocol" in self.headers:
            more["GIT_PROTOCOL"] = self.headers["Git-Protocol"]
        done = subprocess.run(
            ["git", "http-backend"], env=_QUIET | more, input=body, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
        status = next((int(it[1][:3]) for it in headers if it[0] == "Status"), 200)
        self._send(status, [it for it in headers if it[0] != "Status"], content)

    def _send(self, status: int, headers: list[tuple[str, ...]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)


@contextmanager
def http_server(
    folder: Path, *, password: str | None = None, has_version_2: bool = True
) -> Iterator[HttpServer]:
    """Serve the repositories below the folder, to everybody or to who knows the password."""
    server = _Listening(("127.0.0.1", 0), _Handler)
    server.it = HttpServer(folder, password, has_version_2)
    server.it.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.it
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"{USERNAME}:{password}".encode()).decode()


@contextmanager
def git_daemon(folder: Path) -> Iterator[str]:
    """Serve the repositories below the folder by ``git daemon``; gives its address."""
    port = free_port()
    process = subprocess.Popen(
        [
            "git",
            "daemon",
            "--export-all",
            f"--base-path={folder}",
            "--listen=127.0.0.1",
            f"--port={port}",
            "--reuseaddr",
        ],
        env=_QUIET,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield f"git://127.0.0.1:{port}"
    finally:
        # git starts a second process, which does the work: both are of the group that we made.
        os.killpg(process.pid, 15)
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(6000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise TimeoutError


@dataclass(frozen=True)
class SshServer:
    """An SSH server that runs git, for who has the password or the key."""

    url: str
    port: int
    key: str


class _Door(paramiko.ServerInterface):
    def __init__(self, key: paramiko.PKey) -> None:
        self._key = key
        self.command = ""
        self.environment: dict[str, str] = {}
        self.is_asked = threading.Event()

    def check_auth_password(self, username: str, password: str) -> int:
        is_right = (username, password) == (USERNAME, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        is_right = username == USERNAME and key.get_base64() == self._key.get_base64()
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_env_request(
        self, channel: paramiko.Channel, name: bytes, value: bytes
    ) -> bool:
        self.environment[name.decode()] = value.decode()
        return True

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.command = command.decode()
        self.is_asked.set()
        return True


@contextmanager
def ssh_server(folder: Path, *, host_key: paramiko.PKey | None = None) -> Iterator[SshServer]:
    """Serve the repositories below the folder by SSH."""
    key = paramiko.ECDSAKey.generate()
    host_key = host_key or paramiko.ECDSAKey.generate()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)
    is_over = threading.Event()

    def serve() -> None:
        while not is_over.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            threading.Thread(
                target=_speak, args=(connection, host_key, key, folder), daemon=True
            ).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    text = StringIO()
    key.write_private_key(text)
    port = listening.getsockname()[1]
    try:
        yield SshServer(url=f"ssh://{USERNAME}@127.0.0.1:{port}", port=port, key=text.getvalue())
    finally:
        # One that still listened would answer at a port that somebody else gets next.
        is_over.set()
        thread.join()
        listening.close()


def _speak(
    connection: socket.socket, host_key: paramiko.PKey, key: paramiko.PKey, folder: Path
) -> None:
    transport = paramiko.Transport(connection)
    transport.add_server_key(host_key)
    door = _Door(key)
    try:
        transport.start_server(server=door)
        channel = transport.accept(60)
        if channel is None or not door.is_asked.wait(60):
            return
        program, _, path = door.command.partition(" ")
        assert program == "git-upload-pack"
        process = subprocess.Popen(
            ["git", "upload-pack", str(folder) + path.strip("'")],
            env=_QUIET | {k: v for k, v in door.environment.items() if k == "GIT_PROTOCOL"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        threading.Thread(target=_pour_in, args=(channel, process), daemon=True).start()
        assert process.stdout is not None
        assert process.stderr is not None
        with process.stdout, process.stderr:
            while content := process.stdout.read1(65536):  # type: ignore[attr-defined]
                channel.sendall(content)
            channel.sendall_stderr(process.stderr.read())
            channel.send_exit_status(process.wait())
            channel.close()
    except (paramiko.SSHException, OSError, EOFError):
        pass
    finally:
        transport.close()


def _pour_in(channel: paramiko.Channel, process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    with suppress(OSError), process.stdin:
        while content := channel.recv(65536):
            process.stdin.write(content)
            process.stdin.flush()
