"""The known keys of SSH servers, in a file in OpenSSH's format."""

from pathlib import Path

import paramiko  # type: ignore[import-untyped]  # the library has no types

from shipmark.repositories.git.errors import RemoteProblem

CHANGED = "The SSH server's key is not the one that it had before. If that is right, take its line out of {}."


class KnownHosts:
    """The keys of SSH servers. The first key of a server is trusted and stored; operators may also add keys."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, host: str, port: int, key: paramiko.PKey) -> None:
        """Raise `RemoteProblem` if the server has another key than before."""
        name = host if port == 22 else f"[{host}]:{port}"
        known = paramiko.HostKeys()
        if self._path.exists():
            known.load(str(self._path))
        stored = known.lookup(name)
        if stored is None:
            self._store(name, key)
        elif key not in stored.values():
            raise RemoteProblem(CHANGED.format(self._path.name), is_final=True)

    def _store(self, name: str, key: paramiko.PKey) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._path.open("a") as file:
            file.write(f"{name} {key.get_name()} {key.get_base64()}\n")
