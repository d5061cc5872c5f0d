"""What may be sent to change an organization, and what it becomes (files-and-avatars.md 1.4, 1.5)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from shipmark.api.avatars.requests import ORGANIZATION_FIELDS
from shipmark.http.fields import (
    Boolean,
    Choice,
    Decimal,
    Field,
    FieldError,
    Fields,
    Integer,
    ListOf,
    Object,
    Text,
    documented_as,
)
from shipmark.organizations import options, slugs, trusted_relays
from shipmark.organizations.model import NAME_MAX, Role
from shipmark.organizations.settings import OrganizationUpdate

#: The fields that hold lists, for forms.
LISTS = ("sensitiveFields", "safeFields", "trustedRelays")

_INT_MAX = 2**31 - 1
_SENSITIVE_MAX = 4000
_SAFE_MAX = 100_000
_RELAYS_MAX = 1000
_IDEMPOTENCY_KEY_MAX = 48
_PII_MAX = 100_000
_NO_2FA = "Cannot require two-factor authentication without personal two-factor enabled."
_NO_CODECOV = "Codecov is not connected to this server."
_NO_RATE_LIMIT = "The accountRateLimit option cannot be configured for this organization"

_ROLE = Choice({it.value: it.value for it in Role}, "Invalid role")
_WORDS = ListOf(Text())
_SLUG = Text(max=slugs.SLUG_MAX)


@documented_as(_SLUG)
def _slug(value: object) -> str:
    text = _SLUG(value)
    assert text is not None
    if problem := slugs.problem(text, str(value)):
        raise FieldError([problem])
    return text


def _of_length(most: int, refusal: str) -> Callable[[object], list[str] | None]:
    """A list of texts that are so long together at most."""

    @documented_as(_WORDS)
    def check(value: object) -> list[str] | None:
        words = _WORDS(value)
        if sum(len(word or "") for word in words or ()) > most:
            raise FieldError([refusal])
        return [word or "" for word in words or ()]

    return check


@documented_as(Text(max=_PII_MAX, is_blank_ok=True, is_null_ok=True))
def _pii_config(value: object) -> str | None:
    text = Text(max=_PII_MAX, is_blank_ok=True, is_null_ok=True)(value)
    if not text:
        return text
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"at line {error.lineno} column {error.colno}"
        raise FieldError([f"expected value {place}"]) from None
    except (RecursionError, ValueError):
        raise FieldError(["expected value at line 1 column 1"]) from None
    parts = ("rules", "vars", "applications")
    if not isinstance(found, dict) or not all(isinstance(found.get(it, {}), dict) for it in parts):
        raise FieldError(
            ["This is not a configuration for scrubbing: it has rules, vars, applications."]
        )
    return text


_RELAY = Object({name: Field(Text()) for name in ("name", "publicKey", "description")})


@documented_as(ListOf(_RELAY, max=_RELAYS_MAX))
def _relays(value: object) -> list[trusted_relays.RelayInput]:
    # What an entry lacks is told in the words of relays, not of fields.
    entries = ListOf(_as_it_is, max=_RELAYS_MAX)(value)
    try:
        return trusted_relays.parse_relays(entries or [])
    except trusted_relays.RelayError as error:
        raise FieldError([str(error)]) from None


def _as_it_is(value: object) -> object:
    return value


def _never_on(refusal: str) -> Callable[[object], bool]:
    """On or off, where nothing here can be turned on."""

    @documented_as(Boolean())
    def check(value: object) -> bool:
        if Boolean()(value):
            raise FieldError([refusal])
        return False

    return check


def _never(like: Integer) -> Callable[[object], int | None]:
    """A number that no organization here may set."""

    @documented_as(like)
    def check(value: object) -> int | None:
        if value is not None and value != "":
            like(value)
        raise FieldError([_NO_RATE_LIMIT])

    return check


_SWITCHES = frozenset(it.name for it in options.SWITCHES)
_PLAIN_OPTIONS = (
    "dataScrubber", "dataScrubberDefaults", "scrapeJavaScript", "eventsMemberAdmin", "alertsMemberWrite",
    "scrubIPAddresses", "allowJoinRequests", "aiSuggestedSolution", "githubPRBot", "githubOpenPRBot",
    "githubNudgeInvite", "gitlabPRBot", "hideAiFeatures", "issueAlertsThreadFlag", "metricAlertsThreadFlag",
    "rollbackEnabled",
)  # fmt: skip
_MODES = {it: it for it in ("organization", "project")}
_OPTIONS: Mapping[str, Field[Any]] = {
    **{name: Field(Boolean()) for name in _PLAIN_OPTIONS},
    "projectRateLimit": Field(_never(Integer(min=50, max=100))),
    "accountRateLimit": Field(_never(Integer(min=0, max=1_000_000))),
    "sensitiveFields": Field(_of_length(_SENSITIVE_MAX, "List of sensitive fields is too long.")),
    "safeFields": Field(_of_length(_SAFE_MAX, "List of safe fields is too long.")),
    "storeCrashReports": Field(Integer(min=-1, max=100)),
    "attachmentsRole": Field(_ROLE),
    "debugFilesRole": Field(_ROLE),
    "relayPiiConfig": Field(_pii_config),
    "apdexThreshold": Field(Integer(min=1, max=_INT_MAX)),
    "targetSampleRate": Field(Decimal(max=1)),
    "samplingMode": Field(Choice(_MODES, '"{}" is not a valid choice.')),
}

_FOR_ALL: Mapping[str, Field[Any]] = {
    "name": Field(Text(max=NAME_MAX)),
    "slug": Field(_slug),
    **ORGANIZATION_FIELDS,
    "trustedRelays": Field(_relays),
    **{name: Field(Boolean()) for name in sorted(_SWITCHES)},
    "require2FA": Field(_never_on(_NO_2FA)),
    "codecovAccess": Field(_never_on(_NO_CODECOV)),
    **_OPTIONS,
}

#: What those may change who are no owners; of the rest nothing is said.
CHANGED = Object(_FOR_ALL)
#: What owners may change.
CHANGED_BY_OWNER = Object(
    {
        **_FOR_ALL,
        "defaultRole": Field(Choice({it.value: it for it in Role}, '"{}" is not a valid choice.')),
        "cancelDeletion": Field(Boolean()),
        "idempotencyKey": Field(Text(max=_IDEMPOTENCY_KEY_MAX)),
    }
)


def amendment(fields: Fields) -> OrganizationUpdate:
    """What is to be changed. That ``cancelDeletion`` is there is enough, whatever it says."""
    return OrganizationUpdate(
        name=fields.get("name"),
        slug=fields.get("slug"),
        default_role=fields.get("defaultRole"),
        is_restored="cancelDeletion" in fields,
        switches={name: it for name, it in fields.items() if name in _SWITCHES},
        options={name: it for name, it in fields.items() if name in _OPTIONS},
        relays=fields.get("trustedRelays"),
    )
