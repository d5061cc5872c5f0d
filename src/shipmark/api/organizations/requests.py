"""Bodies and query parameters of organizations (files-and-avatars.md 1.4, 1.5)."""

import json
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from shipmark.api.avatars.requests import Kind, Photo, store_photo
from shipmark.api.queries import PageQuery
from shipmark.avatars.model import NewAvatar
from shipmark.http.request_context import Visit
from shipmark.http.validation import (
    Boolean,
    Choice,
    Decimal,
    Integer,
    Items,
    ListOf,
    Omittable,
    ReadAs,
    RequestModel,
    Text,
    TrimmedText,
    refuse,
)
from shipmark.organizations import options, slugs, trusted_relays
from shipmark.organizations.model import NAME_MAX, Role
from shipmark.organizations.settings import Amendment
from shipmark.organizations.trusted_relays import GivenRelay

_INT_MAX = 2**31 - 1
_SENSITIVE_MAX = 4000
_SAFE_MAX = 100_000
_RELAYS_MAX = 1000
_IDEMPOTENCY_KEY_MAX = 48
_PII_MAX = 100_000
_NO_2FA = "Cannot require two-factor authentication without personal two-factor enabled."
_NO_CODECOV = "Codecov is not connected to this server."
_NO_RATE_LIMIT = "The accountRateLimit option cannot be configured for this organization"
_NO_CHOICE = '"{}" is not a valid choice.'
_SWITCHES = frozenset(switch.name for switch in options.SWITCHES)


def _check_slug(value: object) -> object:
    text = Text(max_length=slugs.SLUG_MAX).parse(value)
    if problem := slugs.problem(text, str(value)):
        raise refuse(problem)
    return text


def _at_most(total: int, refusal: str) -> AfterValidator:
    """Return the validator of a list of texts that are at most so long together."""

    def check(words: list[str]) -> list[str]:
        if sum(map(len, words)) > total:
            raise refuse(refusal)
        return words

    return AfterValidator(check)


def _refuse_true(refusal: str) -> AfterValidator:
    """Return the validator of a setting that this server can't turn on."""

    def check(value: bool) -> bool:
        if value:
            raise refuse(refusal)
        return value

    return AfterValidator(check)


def _refuse_rate_limit(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    if value is not None and value != "":
        validate(value)
    raise refuse(_NO_RATE_LIMIT)


def _check_pii_config(text: str | None) -> str | None:
    if not text:
        return text
    try:
        config = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"at line {error.lineno} column {error.colno}"
        raise refuse(f"expected value {place}") from None
    except (RecursionError, ValueError):
        raise refuse("expected value at line 1 column 1") from None
    parts = ("rules", "vars", "applications")
    if not isinstance(config, dict) or not all(
        isinstance(config.get(part, {}), dict) for part in parts
    ):
        raise refuse("This is not a configuration for scrubbing: it has rules, vars, applications.")
    return text


def _parse_relays(entries: list[object]) -> list[GivenRelay]:
    try:
        return trusted_relays.given(entries)
    except trusted_relays.RelayError as error:
        raise refuse(str(error)) from None


def _validate_for_owners(
    value: object, validate: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> object:
    access = (info.context or {}).get("access")
    return validate(value) if access and "org:admin" in access.scopes else None


def _setting(description: str, alias: str | None = None) -> Any:
    return Field(None, description=description, alias=alias)


_OwnersOnly = WrapValidator(_validate_for_owners)
_Boolean = Omittable[Annotated[bool, Boolean()]]
_Role = Omittable[Annotated[str, Choice({role.value: role.value for role in Role}, "Invalid role")]]
_DefaultRole = Annotated[Role, Choice({role.value: role for role in Role}, _NO_CHOICE)]
_SamplingMode = Annotated[
    str, Choice({mode: mode for mode in ("organization", "project")}, _NO_CHOICE)
]
_NeverSet = WrapValidator(_refuse_rate_limit)
# The entries are checked as relays, in words of their own.
_Relay = Annotated[
    object,
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                name: Text().json_schema() for name in ("name", "publicKey", "description")
            },
        }
    ),
]


class OrganizationListQuery(PageQuery):
    """A page of the organizations of a user."""

    query: str | None = Field(
        None,
        description="Text in names or slugs, or terms such as `slug:acme` and `status:active`.",
        examples=["acme"],
    )


class OrganizationUpdateRequest(RequestModel):
    """Changes of an organization and its settings."""

    name: Omittable[Annotated[str, Text(max_length=NAME_MAX)]] = _setting("Name.")
    slug: Omittable[
        Annotated[str, Text(max_length=slugs.SLUG_MAX), BeforeValidator(_check_slug)]
    ] = _setting("Slug, unique on this server.")
    avatar_type: Kind | None = _setting("Whether to show a photo or letters.")
    avatar: Photo = _setting("Photo in base64: GIF, JPEG, PNG or WebP, square.")
    trusted_relays: Omittable[
        Annotated[
            list[GivenRelay],
            ReadAs(Annotated[list[_Relay], Items(max_length=_RELAYS_MAX)], _parse_relays),
        ]
    ] = _setting("Relays whose events are trusted; they replace those before.")
    open_membership: _Boolean = _setting("Whether members may join any team.")
    allow_shared_issues: _Boolean = _setting("Whether issues may be shared publicly.")
    enhanced_privacy: _Boolean = _setting("Whether mails leave out data of events.")
    is_early_adopter: _Boolean = _setting("Whether to show new features early.")
    require_email_verification: _Boolean = _setting("Ignored.")
    allow_member_invite: _Boolean = _setting("Whether members may invite others.")
    allow_member_project_creation: _Boolean = _setting("Whether members may create projects.")
    allow_superuser_access: _Boolean = _setting("Whether staff may see the organization.")
    require_2fa: Omittable[Annotated[bool, Boolean(), _refuse_true(_NO_2FA)]] = _setting(
        "Whether members need two factors to sign in; can't be turned on.", "require2FA"
    )
    codecov_access: Omittable[Annotated[bool, Boolean(), _refuse_true(_NO_CODECOV)]] = _setting(
        "Whether to show coverage; can't be turned on."
    )
    data_scrubber: _Boolean = _setting("Whether all projects remove sensitive data.")
    data_scrubber_defaults: _Boolean = _setting(
        "Whether all projects remove the fields that are sensitive by default."
    )
    scrape_java_script: _Boolean = _setting("Whether to fetch sources from their URLs.")
    events_member_admin: _Boolean = _setting("Whether members may delete events.")
    alerts_member_write: _Boolean = _setting("Whether members may change alerts.")
    scrub_ip_addresses: _Boolean = _setting(
        "Whether all projects remove IP addresses.", "scrubIPAddresses"
    )
    allow_join_requests: _Boolean = _setting("Whether users may ask to join.")
    ai_suggested_solution: _Boolean = _setting("Stored and shown, without effect.")
    github_pr_bot: _Boolean = _setting("Stored and shown, without effect.", "githubPRBot")
    github_open_pr_bot: _Boolean = _setting("Stored and shown, without effect.", "githubOpenPRBot")
    github_nudge_invite: _Boolean = _setting("Stored and shown, without effect.")
    gitlab_pr_bot: _Boolean = _setting("Stored and shown, without effect.", "gitlabPRBot")
    hide_ai_features: _Boolean = _setting("Stored and shown, without effect.")
    issue_alerts_thread_flag: _Boolean = _setting("Stored and shown, without effect.")
    metric_alerts_thread_flag: _Boolean = _setting("Stored and shown, without effect.")
    rollback_enabled: _Boolean = _setting("Stored and shown, without effect.")
    project_rate_limit: Omittable[Annotated[int, Integer(minimum=50, maximum=100), _NeverSet]] = (
        _setting("Can't be set.")
    )
    account_rate_limit: Omittable[Annotated[int, Integer(maximum=1_000_000), _NeverSet]] = _setting(
        "Can't be set."
    )
    sensitive_fields: Omittable[
        Annotated[
            ListOf[TrimmedText], _at_most(_SENSITIVE_MAX, "List of sensitive fields is too long.")
        ]
    ] = _setting("Further fields that all projects remove.")
    safe_fields: Omittable[
        Annotated[ListOf[TrimmedText], _at_most(_SAFE_MAX, "List of safe fields is too long.")]
    ] = _setting("Fields that no project removes.")
    store_crash_reports: Omittable[Annotated[int, Integer(minimum=-1, maximum=100)]] = _setting(
        "Crash reports to keep per issue, -1 for all."
    )
    attachments_role: _Role = _setting("Lowest role that may download attachments.")
    debug_files_role: _Role = _setting("Lowest role that may download debug files.")
    relay_pii_config: Annotated[
        Annotated[str, Text(max_length=_PII_MAX, blank=True)] | None,
        AfterValidator(_check_pii_config),
    ] = _setting("Rules for the removal of personal data, as JSON.")
    apdex_threshold: Omittable[Annotated[int, Integer(minimum=1, maximum=_INT_MAX)]] = _setting(
        "Threshold of Apdex in milliseconds."
    )
    target_sample_rate: Omittable[Annotated[float, Decimal(maximum=1)]] = _setting(
        "Part of the transactions to keep."
    )
    sampling_mode: Omittable[_SamplingMode] = _setting("What the sample rate is for.")
    default_role: Annotated[Omittable[_DefaultRole], _OwnersOnly] = _setting(
        "Role of new members. Ignored unless an owner sends it."
    )
    cancel_deletion: Annotated[_Boolean, _OwnersOnly] = _setting(
        "Any boolean cancels a requested deletion. Ignored unless an owner sends it."
    )
    idempotency_key: Annotated[
        Omittable[Annotated[str, Text(max_length=_IDEMPOTENCY_KEY_MAX)]], _OwnersOnly
    ] = _setting("Ignored.")

    def to_input(self) -> Amendment:
        """Return the changes for the domain: those that were sent."""
        sent = self.sent()
        return Amendment(
            name=self.name,
            slug=self.slug,
            default_role=self.default_role,
            is_restored=self.cancel_deletion is not None,
            switches={name: value for name, value in sent.items() if name in _SWITCHES},
            options={name: value for name, value in sent.items() if name in options.OPTIONS},
            relays=self.trusted_relays,
        )

    def new_avatar(self, context: Visit) -> NewAvatar | None:
        """Store the photo and return the avatar, or None if the body has no avatar."""
        if not (self.avatar or self.avatar_type):
            return None
        return store_photo(context, self.avatar_type, self.avatar)
