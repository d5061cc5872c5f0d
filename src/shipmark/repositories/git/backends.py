"""Where do the objects of a repository come from? A server, piece by piece, or a folder of this machine."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from dulwich.client import GitClient
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository
from dulwich.object_store import BaseObjectStore
from dulwich.objects import ObjectID
from dulwich.protocol import PEELED_TAG_SUFFIX
from dulwich.repo import Repo

from shipmark.repositories.git.addresses import Remote
from shipmark.repositories.git.egress_guard import EgressGuard
from shipmark.repositories.git.errors import NO_FILES, NO_REPOSITORY, RemoteProblem
from shipmark.repositories.git.known_hosts import KnownHosts
from shipmark.repositories.git.transports import local_path, open_client, path_of

_NO_BLOBS = b"blob:none"
_REFUSALS = ("not our ref", "shallow capability")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """What the operator allows us outside."""

    allow_files: bool
    hosts: KnownHosts
    outgoing: EgressGuard


class Source(Protocol):
    """A repository elsewhere. Its store holds what was fetched of it so far."""

    store: BaseObjectStore

    def refs(self) -> dict[bytes, bytes]:
        """The names of its commits; tags also with ``^{}``, for what they name."""

    def fetch(self, wants: Sequence[bytes], depth: int | None) -> None:
        """Have the wanted commits at hand with so many generations of history, or all; an unknown one spoils it all."""

    @property
    def is_here(self) -> bool:
        """Is all of it at hand from the beginning?"""

    @property
    def knows_by_key(self) -> bool:
        """Does it give out every commit that it has? Older servers give out those that have a name."""


@contextmanager
def open_source(remote: Remote, outside: FetchPolicy) -> Iterator[Source]:
    """The repository of a remote, for the length of the block."""
    if remote.address.scheme == "file":
        if not outside.allow_files:
            raise RemoteProblem(NO_FILES, is_final=True)
        try:
            repo = Repo(str(local_path(remote.address)))
        except (NotGitRepository, OSError):
            raise RemoteProblem(NO_REPOSITORY) from None
        with repo:
            yield _LocalSource(repo)
        return
    with (
        tempfile.TemporaryDirectory(prefix="shipmark-git-") as folder,
        Repo.init_bare(folder) as repo,
        open_client(remote.address, remote.credentials, outside.outgoing, outside.hosts) as client,
    ):
        yield _ServerSource(client, path_of(remote.address), repo, outside.outgoing)


class _LocalSource:
    is_here = knows_by_key = True

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self.store: BaseObjectStore = repo.object_store

    def refs(self) -> dict[bytes, bytes]:
        return {bytes(name): bytes(sha) for name, sha in self._repo.get_refs().items()}

    def fetch(self, wants: Sequence[bytes], depth: int | None) -> None:
        """All is there."""


class _ServerSource:
    is_here = False

    def __init__(self, client: GitClient, path: str, repo: Repo, outgoing: EgressGuard) -> None:
        self._client = client
        self._path = path
        self._outgoing = outgoing
        self._packs = repo.object_store
        self.store: BaseObjectStore = repo.object_store

    @property
    def knows_by_key(self) -> bool:
        return self._client.protocol_version == 2

    def refs(self) -> dict[bytes, bytes]:
        try:
            shas = self._client.get_refs(self._path.encode()).refs
        except Exception as error:
            # A server that has said all may cut us off while we still say goodbye.
            if not _was_cut_off(error):
                raise
            shas = self._client.get_refs(self._path.encode()).refs
        self._outgoing.check()
        return {bytes(name): bytes(sha) for name, sha in shas.items() if sha is not None}

    def fetch(self, wants: Sequence[bytes], depth: int | None) -> None:
        file, commit, abort = self._packs.add_pack()
        try:
            self._client.fetch_pack(
                self._path,
                lambda *_, **__: [ObjectID(want) for want in wants],
                _EmptyGraphWalker(),
                file.write,
                depth=depth,
                filter_spec=_NO_BLOBS,
            )
        except BaseException as error:
            is_empty = file.tell() == 0
            abort()
            self._outgoing.check()
            # One that refuses what is wanted may cut us off before we have heard why.
            if not (_is_refusal(error) or (is_empty and _was_cut_off(error))):
                raise
        else:
            commit()
        self._outgoing.check()


class _EmptyGraphWalker:
    """A walker that has nothing: every piece is asked for as a whole, so that servers have nothing to negotiate."""

    def __next__(self) -> None:
        return None

    def ack(self, sha: ObjectID, /) -> None:
        """Nothing was said that could be acknowledged."""

    def nak(self) -> None:
        """Nothing is in common."""


def _is_refusal(error: BaseException) -> bool:
    """Did the server refuse what was wanted, rather than us? Older ones hang up, others say it in words."""
    if isinstance(error, HangupException):
        return not error.stderr_lines or b"not our ref" in b" ".join(error.stderr_lines)
    # One that can't cut history off is asked for all of it in the end.
    return isinstance(error, GitProtocolError) and any(item in str(error) for item in _REFUSALS)


def _was_cut_off(error: BaseException) -> bool:
    """Did the server end the connection? The library wraps what the connection says."""
    cut_off = (ConnectionResetError, BrokenPipeError, EOFError)
    return isinstance(error, cut_off) or isinstance(error.__cause__, cut_off)


def peeled(refs: dict[bytes, bytes], name: bytes) -> bytes | None:
    """The commit that a name stands for, where the server says so."""
    return refs.get(name + PEELED_TAG_SUFFIX) or refs.get(name)
