"""Servers with TLS for a browser: reports come from and go to secure origins, and Shipmark leaves TLS to a proxy."""

import base64
import hashlib
import ssl
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: Headers that are of one connection.
_OF_CONNECTION = frozenset({"host", "connection", "content-length", "transfer-encoding"})


@dataclass(frozen=True)
class Certificate:
    """A certificate of localhost with its key, in one file, and the flag by which a browser trusts it."""

    file: Path
    flag: str


def certificate(folder: Path) -> Certificate:
    """Make a certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = folder / "localhost.pem"
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(pem))
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    spki = base64.b64encode(hashlib.sha256(public).digest()).decode()
    return Certificate(file, f"--ignore-certificate-errors-spki-list={spki}")


@contextmanager
def page_server(
    page: bytes, headers: Mapping[str, str], own: Certificate | None = None
) -> Iterator[str]:
    """Serve one page at any path, with these headers. Return the origin."""

    class Page(_Handler):
        def do_GET(self) -> None:
            self.answer(200, {"Content-Type": "text/html", **headers}, page)

    with _serving(Page, own) as origin:
        yield origin


@contextmanager
def proxy(address: str, own: Certificate) -> Iterator[str]:
    """Pass requests on to the server at this address. Return the origin."""

    class Proxy(_Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = urllib.request.Request(
                address + self.path, body or None, _passed_on(self.headers), method=self.command
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                self.answer(answer.status, _passed_on(answer.headers), answer.read())

        def do_OPTIONS(self) -> None:
            self.do_POST()

    with _serving(Proxy, own) as origin:
        yield origin


class _Handler(BaseHTTPRequestHandler):
    def answer(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def _serving(handler: type[_Handler], own: Certificate | None) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if own is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(own.file)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"{'https' if own else 'http'}://localhost:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _OF_CONNECTION}
