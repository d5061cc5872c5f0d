"""How is the address of a git repository written, and what of it is secret?"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

ADDRESS_MAX = 1000

_SCHEMES = {"https": 443, "http": 80, "ssh": 22, "git": 9418, "file": None}
_SHORT = re.compile(
    r"(?:(?P<user>[^@/:\[\]]+)@)?(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<path>(?!//).+)"
)
#: Shorter ones are words of sentences.
_SECRET_MIN = 6

_UNUSABLE = re.compile(r"[\x00-\x20\x7f\\]")

FORMS = "Use https://, http://, ssh://, git:// or file://, or git@host:path."


class AddressError(ValueError):
    """That is no address of a git repository. The words never hold the address: secrets may be in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a repository is. ``username`` is SSH's; those of other schemes are credentials and never kept here."""

    scheme: str
    host: str
    port: int | None
    path: str
    username: str | None = None

    @property
    def known_port(self) -> int | None:
        """The port, or that of the scheme."""
        return self.port or _SCHEMES[self.scheme]

    def __str__(self) -> str:
        user = f"{quote(self.username, safe='')}@" if self.username else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.scheme == "ssh" and not self.path.startswith("/"):
            return f"{user}{host}:{self.path}"
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{host}{port}{quote(self.path, safe='/~:@!$&()*+,;=')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who we are to a remote. Its text says nothing of it, so that no log or error does."""

    username: str | None = None
    password: str | None = None
    ssh_key: str | None = None

    def __repr__(self) -> str:
        return "Credentials(…)"

    def hidden_in(self, text: str) -> str:
        """The text without what is secret: servers may say again what they were told."""
        for secret in (self.password, self.ssh_key, self.username):
            if secret is not None and len(secret) >= _SECRET_MIN:
                text = text.replace(secret, "…")
        return text


ANONYMOUS = Credentials()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """Where a repository's commits come from, and who we are there."""

    address: Address
    credentials: Credentials = ANONYMOUS


def parse_address(text: str) -> tuple[Address, Credentials]:
    """The address without the credentials that are in it, and those; raises `AddressError` with a sentence."""
    if len(text) > ADDRESS_MAX:
        raise AddressError(f"Ensure this field has no more than {ADDRESS_MAX} characters.")
    if _UNUSABLE.search(text):
        raise AddressError("An address holds no spaces, backslashes or control characters.")
    if "://" not in text:
        return _short(text), ANONYMOUS
    return _long(text)


def _short(text: str) -> Address:
    match = _SHORT.fullmatch(text)
    if match is None:
        raise AddressError(f"That is no address of a git repository. {FORMS}")
    host = match["host"].strip("[]")
    address = Address(
        scheme="ssh", host=host, port=None, path=match["path"], username=match["user"]
    )
    return _checked(address)


def _long(text: str) -> tuple[Address, Credentials]:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressError("The host or port of the address can't be read.") from None
    scheme = parts.scheme.lower()
    if scheme not in _SCHEMES:
        raise AddressError(f"Addresses of this kind can't be read. {FORMS}")
    if parts.query or parts.fragment:
        raise AddressError("The address of a git repository has no ? and no #.")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    path = unquote(parts.path)
    address = Address(
        scheme=scheme, host=host, port=port, path=path, username=user if scheme == "ssh" else None
    )
    # Tokens stand in either place, so of HTTP nothing before the @ is shown.
    credentials = Credentials(username=user, password=password)
    return _checked(address), credentials if user or password else ANONYMOUS


def _checked(address: Address) -> Address:
    if (address.scheme == "file") == bool(address.host):
        raise AddressError("The address names no host, or is of a file and names one.")
    if _UNUSABLE.search(address.path.replace(" ", "")) or not address.path.strip("/"):
        raise AddressError("The address names no repository.")
    # A server could take these for options of its git.
    if address.host.startswith("-") or address.path.startswith("-"):
        raise AddressError("Neither host nor path begin with a dash.")
    return address
