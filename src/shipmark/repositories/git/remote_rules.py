"""The operator's rules for remotes: a setting such as ``acme/*=https://git.example.com/acme/*.git``."""

import re
from dataclasses import dataclass
from functools import cache

from shipmark.infrastructure.settings import SettingsError
from shipmark.repositories.git.addresses import AddressError, Remote, parse_address

_PART = re.compile(r"[\w.+~-]+")
_WILDCARD = "*"
_EXAMPLE = "acme/*=https://git.example.com/acme/*.git"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    name: re.Pattern[str]
    address: str


@dataclass(frozen=True, slots=True)
class RemoteRules:
    """Remotes by the names of repositories; the first matching rule counts."""

    rules: tuple[_Rule, ...] = ()

    def of(self, name: str) -> Remote | None:
        """Return the remote of a repository by name, or None if no rule matches."""
        for rule in self.rules:
            if match := rule.name.fullmatch(name):
                matched = "".join(match.groups())
                address = rule.address.replace(_WILDCARD, matched)
                return _remote(address) if _is_safe(matched) else None
        return None


NO_RULES = RemoteRules()


@cache
def parse_remote_rules(text: str) -> RemoteRules:
    """Parse the setting. Raise `SettingsError` if it is invalid."""
    return RemoteRules(tuple(_rule(pair) for pair in text.split()))


def _rule(text: str) -> _Rule:
    name, _, address = text.partition("=")
    stars = (name.count(_WILDCARD), address.count(_WILDCARD))
    if not name or not address or stars not in {(0, 0), (1, 1)}:
        raise SettingsError(
            f"SHIPMARK_GIT_REMOTES must hold pairs such as {_EXAMPLE}, not one for {name!r}."
        )
    try:
        parse_address(address.replace(_WILDCARD, "x"))
    except AddressError as error:
        raise SettingsError(f"SHIPMARK_GIT_REMOTES is wrong for {name!r}: {error}") from None
    pattern = re.escape(name).replace(re.escape(_WILDCARD), "(.+)")
    return _Rule(name=re.compile(pattern), address=address)


def _is_safe(text: str) -> bool:
    """Return True if the text cannot redirect an address: members name repositories, operators choose hosts."""
    parts = text.split("/")
    return text == "" or all(_PART.fullmatch(part) and part.strip(".") for part in parts)


def _remote(text: str) -> Remote | None:
    try:
        address, credentials = parse_address(text)
    except AddressError:
        # The name of the repository has characters that no address may have.
        return None
    return Remote(address=address, credentials=credentials)
