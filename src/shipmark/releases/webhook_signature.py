"""How does a build service prove that it may release, without credentials? By a signed address (releases.md 2.18)."""

import hmac

#: The only sender that is known. Others would be plug-ins, and there are none.
BUILT_IN = "builtin"


def signature(token: str, plugin: str, project_id: int) -> str:
    """What an address is signed with: whoever knows it may make releases of the project, and nothing else."""
    message = f"{plugin}-{project_id}".encode()
    return hmac.new(token.encode(), message, "sha256").hexdigest()


def is_signed(token: str, plugin: str, project_id: int, given: str) -> bool:
    """Is that the signature? Compared in constant time, so that none can be guessed digit by digit."""
    expected = signature(token, plugin, project_id)
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))
