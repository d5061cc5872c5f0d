"""Which remotes did the operator choose? A setting such as ``acme/*=https://git.example.com/acme/*.git``."""

import re
from dataclasses import dataclass
from functools import cache

from shipmark.infrastructure.settings import SettingsError
from shipmark.repositories.git.addresses import AddressError, Remote, parse_address

_PART = re.compile(r"[\w.+~-]+")
_ANYTHING = "*"
_EXAMPLE = "acme/*=https://git.example.com/acme/*.git"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    name: re.Pattern[str]
    address: str


@dataclass(frozen=True, slots=True)
class RemoteRules:
    """Remotes by the names of repositories; the first rule that fits counts."""

    rules: tuple[_Rule, ...] = ()

    def of(self, name: str) -> Remote | None:
        """The remote of a repository, or null where no rule is of it."""
        for rule in self.rules:
            if match := rule.name.fullmatch(name):
                anything = "".join(match.groups())
                return (
                    _remote(rule.address.replace(_ANYTHING, anything))
                    if _is_tame(anything)
                    else None
                )
        return None


NO_RULES = RemoteRules()


@cache
def parse_remote_rules(text: str) -> RemoteRules:
    """Read the setting; raises `SettingsError` for what can't be meant."""
    return RemoteRules(tuple(_rule(each) for each in text.split()))


def _rule(text: str) -> _Rule:
    name, _, address = text.partition("=")
    stars = (name.count(_ANYTHING), address.count(_ANYTHING))
    if not name or not address or stars not in {(0, 0), (1, 1)}:
        raise SettingsError(
            f"SHIPMARK_GIT_REMOTES must hold pairs such as {_EXAMPLE}, not one for {name!r}."
        )
    try:
        parse_address(address.replace(_ANYTHING, "x"))
    except AddressError as error:
        raise SettingsError(f"SHIPMARK_GIT_REMOTES is wrong for {name!r}: {error}") from None
    pattern = re.escape(name).replace(re.escape(_ANYTHING), "(.+)")
    return _Rule(name=re.compile(pattern), address=address)


def _is_tame(text: str) -> bool:
    """Can that stand in an address without leading elsewhere? Members name repositories, operators choose hosts."""
    parts = text.split("/")
    return text == "" or all(_PART.fullmatch(part) and part.strip(".") for part in parts)


def _remote(text: str) -> Remote | None:
    try:
        address, credentials = parse_address(text)
    except AddressError:
        # The name of the repository has what no address may have.
        return None
    return Remote(address=address, credentials=credentials)
