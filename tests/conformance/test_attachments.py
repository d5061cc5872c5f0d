"""Attachments that real SDKs and sentry-cli send arrive whole."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from conformance.clients import CLI2, CLI3, PACKAGES, Kind
from conformance.servers import DIGEST_SECONDS, Organization

PYTHON = """
import sys
import sentry_sdk
from sentry_sdk.attachments import Attachment


def before_send(event, hint):
    hint["attachments"].append(Attachment(bytes=bytes(range(256)) * 4000, filename="dump.bin"))
    return event


sentry_sdk.init(dsn=sys.argv[1], release="web@1.0.0", before_send=before_send)
with sentry_sdk.new_scope() as scope:
    scope.add_attachment(path=sys.argv[2])
    sentry_sdk.capture_exception(ValueError("with files"))
sentry_sdk.flush()
"""
NODE = """
const Sentry = require("@sentry/node");
Sentry.init({ dsn: process.argv[1], release: "web@1.0.0" });
Sentry.captureException(new Error("with files"), { attachments: [
  { filename: "state.json", data: '{"cart": "größer"}', contentType: "application/json" },
  { filename: "dump.bin", data: new Uint8Array(300000).map((_, index) => index) },
] });
Sentry.flush(5000).then(() => process.exit(0));
"""


def sent(organization: Organization, number: int) -> dict[str, tuple[str, str, int]]:
    """Return media type, checksum and size of so many attachments of the first issue, by their names."""
    organization.digested_issue()
    deadline = time.monotonic() + DIGEST_SECONDS
    listed: list[dict[str, Any]] = []
    while len(listed) < number:
        assert time.monotonic() < deadline, listed
        listed = organization.get("issues/WEB-1/attachments/")
    return {each["name"]: (each["mimetype"], each["sha1"], each["size"]) for each in listed}


def described(media_type: str, content: bytes) -> tuple[str, str, int]:
    return media_type, hashlib.sha1(content, usedforsecurity=False).hexdigest(), len(content)


def test_attachments_of_the_sdk_for_python(organization: Organization, tmp_path: Path) -> None:
    log = tmp_path / "app.txt"
    log.write_text("before\nthe crash\n")
    program = [sys.executable, "-c", PYTHON, organization.dsns["web"], str(log)]
    subprocess.run(program, check=True, timeout=60)
    assert sent(organization, 2) == {
        "app.txt": described("text/plain", log.read_bytes()),
        "dump.bin": described("application/octet-stream", bytes(range(256)) * 4000),
    }


def test_attachments_of_the_sdk_for_node(organization: Organization) -> None:
    subprocess.run(
        ["node", "-e", NODE, organization.dsns["web"]],
        check=True,
        timeout=60,
        env=os.environ | {"NODE_PATH": str(PACKAGES)},
    )
    counted = bytes(index % 256 for index in range(300_000))
    assert sent(organization, 2) == {
        "state.json": described("application/json", '{"cart": "größer"}'.encode()),
        "dump.bin": described("application/octet-stream", counted),
    }


@pytest.mark.parametrize("kind", [CLI2, CLI3], ids=lambda kind: kind.name)
def test_an_envelope_of_sentry_cli(kind: Kind, organization: Organization, tmp_path: Path) -> None:
    event = json.dumps({"message": "with a file", "level": "error"}).encode()
    lines = [
        json.dumps({"event_id": uuid4().hex}).encode(),
        b'{"type":"event","length":%d}' % len(event),
        event,
        b'{"type":"attachment","length":8,"filename":"a.bin"}',
        b"one\ntwo\0",
    ]
    envelope = tmp_path / "sent.envelope"
    envelope.write_bytes(b"\n".join(lines))
    subprocess.run(
        [str(kind.program), "send-envelope", str(envelope)],
        check=True,
        timeout=60,
        env=os.environ | {"SENTRY_DSN": organization.dsns["web"]},
    )
    assert sent(organization, 1) == {"a.bin": described("application/octet-stream", b"one\ntwo\0")}


def test_a_minidump_of_curl(organization: Organization, tmp_path: Path) -> None:
    """As the documentation of crash reporters says to try it."""
    dump = tmp_path / "crash.dmp"
    dump.write_bytes(b"MDMP" + bytes(1_000_000))
    at = urlsplit(organization.dsns["web"])
    address = f"http://{at.hostname}:{at.port}/api{at.path}/minidump/?sentry_key={at.username}"
    said = subprocess.run(
        [
            "curl",
            "-sS",
            "-F",
            f"upload_file_minidump=@{dump}",
            "-F",
            "sentry[release]=web@2.0.0",
            address,
        ],
        check=True,
        timeout=60,
        stdout=subprocess.PIPE,
    )
    assert len(said.stdout) == 36
    assert sent(organization, 1)["crash.dmp"][2] == 1_000_004
    assert organization.digested_issue()["title"].startswith("Minidump: Native crash")
