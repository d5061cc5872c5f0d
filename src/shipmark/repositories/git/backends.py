"""Sources of the objects of a repository: a server, from which they are fetched, or a folder of this machine."""

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
    """Limits of the operator on connections to remotes."""

    allow_files: bool
    hosts: KnownHosts
    outgoing: EgressGuard


class Source(Protocol):
    """A remote repository. Its store has the objects fetched so far."""

    store: BaseObjectStore

    def refs(self) -> dict[bytes, bytes]:
        """Return the hashes of the refs by name; tags also with ``^{}``, for their targets."""

    def fetch(self, wants: Sequence[bytes], depth: int | None) -> None:
        """Fetch commits with ``depth`` generations of history, or all; with an unknown one among them, nothing."""

    @property
    def is_here(self) -> bool:
        """Return True if all objects are local."""

    @property
    def knows_by_key(self) -> bool:
        """Return True if every commit can be fetched by hash. Older servers serve only those with a name."""


@contextmanager
def open_source(remote: Remote, policy: FetchPolicy) -> Iterator[Source]:
    """Open the repository of a remote for the length of the block."""
    if remote.address.scheme == "file":
        if not policy.allow_files:
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
        open_client(remote.address, remote.credentials, policy.outgoing, policy.hosts) as client,
    ):
        yield _ServerSource(client, path_of(remote.address), repo, policy.outgoing)


class _LocalSource:
    is_here = knows_by_key = True

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self.store: BaseObjectStore = repo.object_store

    def refs(self) -> dict[bytes, bytes]:
        return {bytes(name): bytes(sha) for name, sha in self._repo.get_refs().items()}

    def fetch(self, wants: Sequence[bytes], depth: int | None) -> None:
        """Do nothing: all objects are local."""


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
            # A server may close the connection after its last reply, before the client has ended the protocol.
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
            # A server that refuses a commit may close the connection before its reason arrives.
            if not (_is_refusal(error) or (is_empty and _was_cut_off(error))):
                raise
        else:
            commit()
        self._outgoing.check()


class _EmptyGraphWalker:
    """A graph walker without commits: every fetch is complete, so that there is nothing to negotiate."""

    def __next__(self) -> None:
        return None

    def ack(self, sha: ObjectID, /) -> None:
        """Do nothing: no commits were offered."""

    def nak(self) -> None:
        """Do nothing: no commits are in common."""


def _is_refusal(error: BaseException) -> bool:
    """Return True if the server refused the commit, not the client. Older ones hang up, others send a message."""
    if isinstance(error, HangupException):
        return not error.stderr_lines or b"not our ref" in b" ".join(error.stderr_lines)
    # A server without shallow fetches is asked for the whole history in the end.
    return isinstance(error, GitProtocolError) and any(item in str(error) for item in _REFUSALS)


def _was_cut_off(error: BaseException) -> bool:
    """Return True if the server closed the connection. The library wraps errors of the connection."""
    cut_off = (ConnectionResetError, BrokenPipeError, EOFError)
    return isinstance(error, cut_off) or isinstance(error.__cause__, cut_off)


def peeled(refs: dict[bytes, bytes], name: bytes) -> bytes | None:
    """Return the hash of the commit that a ref names, or None if the server does not list it."""
    return refs.get(name + PEELED_TAG_SUFFIX) or refs.get(name)
