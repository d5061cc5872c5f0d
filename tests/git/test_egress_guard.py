"""Where may we connect, and does nothing lead elsewhere?"""

import socket
import time
from pathlib import Path

import pytest
from remotes import HttpServer, http_server, origin

from shipmark.repositories.git.addresses import parse_address
from shipmark.repositories.git.backends import NO_FILES, FetchPolicy, Remote
from shipmark.repositories.git.commit_reader import CommitRange, read_range
from shipmark.repositories.git.egress_guard import PRIVATE, EgressGuard, is_public
from shipmark.repositories.git.errors import RemoteProblem
from shipmark.repositories.git.known_hosts import KnownHosts


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "::127.0.0.1", "::8.8.8.8", "fec0::1", "64:ff9b:1::1", "64:ff9b:1:ffff::8.8.8.8", "::ffff:0:127.0.0.1",
        "::ffff:0:8.8.8.8", "192.88.99.1", "::ffff:192.88.99.1", "2002:c058:6301::", "192.0.0.8",
        "2001:db8::1", "3fff::1", "5f00::1", "4000::1", "2001::1",
    ],
)  # fmt: skip
def test_what_is_near_is_not(address: str) -> None:
    assert not is_public(address)


def outgoing(*, allow_private: bool = False, seconds_max: float = 20) -> EgressGuard:
    return EgressGuard(allow_private=allow_private, seconds_max=seconds_max, bytes_max=10**7)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "2130706433", "0x7f.1"])
def test_private_addresses_are_refused_however_they_are_written(host: str) -> None:
    with outgoing() as out, pytest.raises(RemoteProblem) as caught:
        out.connect(host, 9)
    assert (caught.value.sentence, caught.value.is_final) == (PRIVATE, True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "git://127.0.0.1/x", "ssh://127.0.0.1/x", "git@localhost:x"]
)
def test_no_way_leads_to_a_private_address(url: str, tmp_path: Path) -> None:
    assert refusal(url, tmp_path) == PRIVATE


def test_files_are_not_read_unless_allowed(tmp_path: Path) -> None:
    assert refusal(f"file://{tmp_path}", tmp_path) == NO_FILES


def test_a_name_that_changes_its_mind_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["93.184.216.34", "127.0.0.1"])
    connected = []

    def resolve(*_: object, **__: object) -> object:
        at = (next(answers), 80)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", at)]

    def connect(_: socket.socket, at: object) -> None:
        connected.append(at)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with outgoing() as out, pytest.raises(RemoteProblem):
        out.connect("rebinding.example", 80)
    assert connected == [("93.184.216.34", 80)]


def test_a_redirect_to_a_private_address_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin(tmp_path / "served" / "web.git")
    with http_server(tmp_path / "served") as outer, http_server(tmp_path / "served") as inner:
        outer.leads_to = inner.url
        # The outer server stands for one of the internet.
        _let_through(monkeypatch, outer)
        assert refusal(f"{outer.url}/web.git", tmp_path) == PRIVATE
        assert (len(outer.asked), inner.asked) == (1, [])


def test_a_redirect_to_where_we_may_go_is_followed(tmp_path: Path) -> None:
    key = origin(tmp_path / "served" / "web.git").commit("one")
    with http_server(tmp_path / "served") as outer, http_server(tmp_path / "served") as inner:
        outer.leads_to = inner.url
        address, _ = parse_address(f"{outer.url}/web.git")
        with outgoing(allow_private=True) as out:
            outside = FetchPolicy(allow_files=False, hosts=KnownHosts(tmp_path / "k"), outgoing=out)
            asked = CommitRange(repository="x", commit=key)
            assert len(read_range(Remote(address=address), asked, outside, most=9).commits) == 1


def test_when_the_time_is_up_what_waits_is_ended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with outgoing(allow_private=True, seconds_max=0.3) as out:
            made = out.connect("127.0.0.1", silent.getsockname()[1])
            assert made.recv(1) == b""
            with pytest.raises(RemoteProblem, match="took too long"):
                out.count(0)
        made.close()
    assert time.monotonic() - begun < 20


def _let_through(monkeypatch: pytest.MonkeyPatch, server: HttpServer) -> None:
    port = int(server.url.rpartition(":")[2])
    allowed = EgressGuard._allowed

    def chosen(self: EgressGuard, host: str, wanted: int) -> object:
        if wanted == port:
            return [(socket.AF_INET, (host, wanted))]
        return allowed(self, host, wanted)

    monkeypatch.setattr(EgressGuard, "_allowed", chosen)


def refusal(url: str, folder: Path) -> str:
    address, _ = parse_address(url)
    with outgoing() as out:
        outside = FetchPolicy(allow_files=False, hosts=KnownHosts(folder / "known"), outgoing=out)
        asked = CommitRange(repository="acme/web", commit="1" * 40)
        with pytest.raises(RemoteProblem) as caught:
            read_range(Remote(address=address), asked, outside, most=9)
    assert caught.value.is_final
    return caught.value.sentence
