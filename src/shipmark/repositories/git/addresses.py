"""Addresses of git repositories, and the credentials in them."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

ADDRESS_MAX = 1000

_SCHEMES = {"https": 443, "http": 80, "ssh": 22, "git": 9418, "file": None}
_SHORT = re.compile(
    r"(?:(?P<user>[^@/:\[\]]+)@)?(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<path>(?!//).+)"
)
#: Shorter secrets are not redacted: they could be parts of words.
_SECRET_MIN = 6
_UNUSABLE = re.compile(r"[\x00-\x20\x7f\\]")

FORMS = "Use https://, http://, ssh://, git:// or file://, or git@host:path."


class AddressError(ValueError):
    """A text is no address of a git repository. The message never contains the text, which may contain secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The address of a repository. ``username`` is set for SSH only; those of other schemes are credentials."""

    scheme: str
    host: str
    port: int | None
    path: str
    username: str | None = None

    @property
    def known_port(self) -> int | None:
        """Port of the address, or the default of the scheme."""
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
    """Credentials for a remote. The text of an instance is redacted, so that no log or error reveals them."""

    username: str | None = None
    password: str | None = None
    ssh_key: str | None = None

    def __repr__(self) -> str:
        return "Credentials(…)"

    def hidden_in(self, text: str) -> str:
        """Return the text without the secrets: servers may repeat what they were sent."""
        for secret in (self.password, self.ssh_key, self.username):
            if secret is not None and len(secret) >= _SECRET_MIN:
                text = text.replace(secret, "…")
        return text


ANONYMOUS = Credentials()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """The address of a repository, and the credentials for it."""

    address: Address
    credentials: Credentials = ANONYMOUS


def parse_address(text: str) -> tuple[Address, Credentials]:
    """Return the address and the credentials of a text. Raise `AddressError` if it is invalid."""
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
    # Tokens may be username or password, so for HTTP both are secret.
    credentials = Credentials(username=user, password=password)
    return _checked(address), credentials if user or password else ANONYMOUS


def _checked(address: Address) -> Address:
    if (address.scheme == "file") == bool(address.host):
        raise AddressError("The address names no host, or is of a file and names one.")
    if _UNUSABLE.search(address.path.replace(" ", "")) or not address.path.strip("/"):
        raise AddressError("The address names no repository.")
    # A server could parse these as options of its git.
    if address.host.startswith("-") or address.path.startswith("-"):
        raise AddressError("Neither host nor path begin with a dash.")
    return address
