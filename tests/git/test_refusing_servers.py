"""Git servers that refuse, that are away, too slow or none: each is a problem that names what to do."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from remote_places import MISSING, SERVERS, Place, open_place, problem
from remotes import PASSWORD, http_server, origin, ssh_server

from shipmark.repositories.git.addresses import ANONYMOUS, Credentials, parse_address
from shipmark.repositories.git.egress_guard import EgressGuard
from shipmark.repositories.git.errors import CREDENTIALS, NO_REPOSITORY
from shipmark.repositories.git.known_hosts import KnownHosts
from shipmark.repositories.git.transports import _Ssh

BY_KEY = [name for name in SERVERS if name != "http v0"]


@pytest.mark.parametrize("server", ["http", "git", "ssh", "file"])
def test_a_repository_that_is_not_there_is_told(tmp_path: Path, server: str) -> None:
    with ExitStack() as stack:
        place = open_place(server, tmp_path, stack)
        place.url = place.url.replace("web.git", "none.git")
        assert problem(place, MISSING).sentence == NO_REPOSITORY


@pytest.mark.parametrize("credentials", [Credentials(password="wrong"), ANONYMOUS])
@pytest.mark.parametrize("server", ["http", "ssh"])
def test_refused_credentials_are_told_and_final(
    tmp_path: Path, server: str, credentials: Credentials
) -> None:
    with ExitStack() as stack:
        place = open_place(server, tmp_path, stack)
        place.url = place.url.replace(f":{PASSWORD}@", "@")
        place.credentials = credentials
        it = problem(place, MISSING)
        assert (it.sentence, it.is_final) == (CREDENTIALS, True)


def test_ssh_takes_a_password(tmp_path: Path) -> None:
    with ExitStack() as stack:
        place = open_place("ssh", tmp_path, stack)
        place.credentials = Credentials(password=PASSWORD)
        key = place.origin.commit("one")
        assert place.messages(key) == ["one"]


def test_an_ssh_server_with_another_key_than_before_is_refused(tmp_path: Path) -> None:
    with ExitStack() as stack:
        place = open_place("ssh", tmp_path, stack)
        key = place.origin.commit("one")
        assert place.messages(key) == ["one"]
        kept = (tmp_path / "known_hosts").read_text()
        with ssh_server(tmp_path / "served") as other:
            (tmp_path / "known_hosts").write_text(
                kept.replace(place.url.split(":")[2][:5], str(other.port))
            )
            place.url = f"{other.url}/web.git"
            it = problem(place, key)
    assert it.sentence.startswith("The SSH server's key is not the one that it had before.")
    assert it.is_final


def test_writing_to_a_channel_that_an_ssh_server_has_closed_is_a_broken_pipe(
    tmp_path: Path,
) -> None:
    """A server that refuses a commit may close the channel before the client has sent all."""
    with ExitStack() as stack:
        place = open_place("ssh", tmp_path, stack)
        outgoing = stack.enter_context(
            EgressGuard(allow_private=True, seconds_max=60, bytes_max=10**8)
        )
        address, _ = parse_address(place.url)
        hosts = KnownHosts(tmp_path / "known_hosts")
        ssh = _Ssh(address, place.credentials, outgoing, hosts)
        channel = ssh.run_command(address.host, b"git-upload-pack '/none.git'")
        stack.callback(channel.close)
        with pytest.raises(BrokenPipeError, match="The server closed the channel") as caught:
            _write_until_it_is_refused(channel.write)
    assert caught.value.__context__ is None


def _write_until_it_is_refused(write: Callable[[bytes], object]) -> None:
    for _ in range(6000):
        write(b"0000")
        time.sleep(0.01)


@pytest.mark.parametrize("scheme", ["http", "git", "ssh"])
def test_a_server_that_is_away_is_told(files: Place, scheme: str) -> None:
    files.url = f"{scheme}://127.0.0.1:9/web.git"
    assert problem(files, MISSING).sentence == "The remote can't be reached: Connection refused."


@pytest.mark.parametrize("server", BY_KEY[1:])
def test_too_much_is_refused(tmp_path: Path, server: str) -> None:
    with ExitStack() as stack:
        place = open_place(server, tmp_path, stack)
        keys = place.origin.grow(300)
        place.limits = {"bytes_max": 10_000}
        it = problem(place, keys[-1], keys[0])
    assert it.sentence == "The remote sent too much: SHIPMARK_GIT_BYTES_MAX is 10000 bytes."
    assert it.is_final


def test_a_server_that_takes_too_long_is_left(tmp_path: Path) -> None:
    made = origin(tmp_path / "served" / "web.git")
    with http_server(tmp_path / "served") as server:
        server.waits_seconds = 15
        place = Place(made, f"{server.url}/web.git", tmp_path, limits={"seconds_max": 0.5})
        key = made.commit("one")
        begun = time.monotonic()
        it = problem(place, key)
        seconds = time.monotonic() - begun
        server.is_over.set()
        assert it.sentence == "The remote took too long: SHIPMARK_GIT_SECONDS_MAX is 0.5 s."
        assert seconds < 12


def test_what_is_no_git_server_is_told(tmp_path: Path) -> None:
    made = origin(tmp_path / "served" / "web.git")
    with http_server(tmp_path) as server:
        server.is_away = True
        place = Place(made, f"{server.url}/web.git", tmp_path)
        assert problem(place, MISSING).sentence == ("The remote answered with the HTTP status 503.")
