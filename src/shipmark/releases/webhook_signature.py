"""Signed addresses, by which build services create releases without credentials (releases.md 2.18)."""

import hmac

#: The only supported sender. Others would be plug-ins, and there are none.
BUILT_IN = "builtin"


def signature(token: str, plugin: str, project_id: int) -> str:
    """Return the signature of an address: a client that has it may create releases of the project, and nothing else."""
    message = f"{plugin}-{project_id}".encode()
    return hmac.new(token.encode(), message, "sha256").hexdigest()


def is_signed(token: str, plugin: str, project_id: int, given: str) -> bool:
    """Return True if the signature is right. Compared in constant time, so that it cannot be guessed digit by digit."""
    expected = signature(token, plugin, project_id)
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
