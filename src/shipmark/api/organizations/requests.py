"""Bodies and query parameters of organizations (files-and-avatars.md 1.4, 1.5)."""

import json
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from shipmark.api.avatars.requests import Kind, Photo, store_photo
from shipmark.api.queries import PageQuery
from shipmark.avatars.model import NewAvatar
from shipmark.http.request_context import RequestContext
from shipmark.http.validation import (
    Boolean,
    Choice,
    Decimal,
    Integer,
    Items,
    ListOf,
    Omittable,
    OmittableBoolean,
    ReadAs,
    RequestModel,
    Text,
    TrimmedText,
    choice_of,
    optional,
    refuse,
    require,
)
from shipmark.organizations import options, slugs, trusted_relays
from shipmark.organizations.model import NAME_MAX, Role
from shipmark.organizations.settings import OrganizationUpdate
from shipmark.organizations.trusted_relays import RelayInput

_INT_MAX = 2**31 - 1
_SENSITIVE_MAX = 4000
_SAFE_MAX = 100_000
_RELAYS_MAX = 1000
_IDEMPOTENCY_KEY_MAX = 48
_PII_MAX = 100_000
_NO_2FA = "Cannot require two-factor authentication without personal two-factor enabled."
_NO_CODECOV = "Codecov is not connected to this server."
_NO_RATE_LIMIT = "The accountRateLimit option cannot be configured for this organization"
_SWITCHES = frozenset(switch.name for switch in options.SWITCHES)


def _check_slug(value: object) -> object:
    text = Text(max_length=slugs.SLUG_MAX).parse(value)
    if problem := slugs.problem(text, str(value)):
        raise refuse(problem)
    return text


def _at_most(total: int, refusal: str) -> AfterValidator:
    """Return the rule of a list of texts that are at most so long together."""

    def fits(words: list[str]) -> bool:
        return sum(map(len, words)) <= total

    return require(fits, refusal)


def _refuse_true(refusal: str) -> AfterValidator:
    """Return the rule of a setting that this server can't turn on."""
    return require(lambda is_on: not is_on, refusal)


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
        position = f"at line {error.lineno} column {error.colno}"
        raise refuse(f"expected value {position}") from None
    except (RecursionError, ValueError):
        raise refuse("expected value at line 1 column 1") from None
    parts = ("rules", "vars", "applications")
    if not isinstance(config, dict) or not all(
        isinstance(config.get(part, {}), dict) for part in parts
    ):
        raise refuse("This is not a configuration for scrubbing: it has rules, vars, applications.")
    return text


def _parse_relays(entries: list[object]) -> list[RelayInput]:
    try:
        return trusted_relays.parse_relays(entries)
    except trusted_relays.RelayError as error:
        raise refuse(str(error)) from None


def _validate_for_owners(
    value: object, validate: ValidatorFunctionWrapHandler, info: ValidationInfo
) -> object:
    access = (info.context or {}).get("access")
    return validate(value) if access and "org:admin" in access.scopes else None


_OwnersOnly = WrapValidator(_validate_for_owners)
_Role = Omittable[Annotated[str, Choice({role.value: role.value for role in Role}, "Invalid role")]]
_DefaultRole = Annotated[Role, choice_of(Role)]
_SamplingMode = Annotated[str, choice_of(("organization", "project"))]
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

    query: str | None = optional(
        "Text in names or slugs, or terms such as `slug:acme`, `email:ada@example.com` and `platform:go`.",
        example="acme",
    )
    owner: str | None = optional(
        "`1` or `true` lists only those that the user owns, with `singleOwner`.", example="1"
    )

    @property
    def is_of_owner(self) -> bool:
        """Return True if only the organizations that the user owns are meant."""
        return self.owner in {"1", "true"}


class OrganizationUpdateRequest(RequestModel):
    """Changes of an organization and its settings."""

    name: Omittable[Annotated[str, Text(max_length=NAME_MAX)]] = optional("Name.")
    slug: Omittable[
        Annotated[str, Text(max_length=slugs.SLUG_MAX), BeforeValidator(_check_slug)]
    ] = optional("Slug, unique on this server.")
    avatar_type: Kind | None = optional("Whether to show a photo or letters.")
    avatar: Photo = optional("Photo in base64: GIF, JPEG, PNG or WebP, square.")
    trusted_relays: Omittable[
        Annotated[
            list[RelayInput],
            ReadAs(Annotated[list[_Relay], Items(max_length=_RELAYS_MAX)], _parse_relays),
        ]
    ] = optional("Relays whose events are trusted; they replace those before.")
    open_membership: OmittableBoolean = optional("Whether members may join any team.")
    allow_shared_issues: OmittableBoolean = optional("Whether issues may be shared publicly.")
    enhanced_privacy: OmittableBoolean = optional("Whether mails leave out data of events.")
    is_early_adopter: OmittableBoolean = optional("Whether to show new features early.")
    require_email_verification: OmittableBoolean = optional("Ignored.")
    allow_member_invite: OmittableBoolean = optional("Whether members may invite others.")
    allow_member_project_creation: OmittableBoolean = optional(
        "Whether members may create projects."
    )
    allow_superuser_access: OmittableBoolean = optional("Whether staff may see the organization.")
    require_2fa: Omittable[Annotated[bool, Boolean(), _refuse_true(_NO_2FA)]] = optional(
        "Whether members need two factors to sign in; can't be turned on.", alias="require2FA"
    )
    codecov_access: Omittable[Annotated[bool, Boolean(), _refuse_true(_NO_CODECOV)]] = optional(
        "Whether to show coverage; can't be turned on."
    )
    data_scrubber: OmittableBoolean = optional("Whether all projects remove sensitive data.")
    data_scrubber_defaults: OmittableBoolean = optional(
        "Whether all projects remove the fields that are sensitive by default."
    )
    scrape_java_script: OmittableBoolean = optional("Whether to fetch sources from their URLs.")
    events_member_admin: OmittableBoolean = optional("Whether members may delete events.")
    alerts_member_write: OmittableBoolean = optional("Whether members may change alerts.")
    scrub_ip_addresses: OmittableBoolean = optional(
        "Whether all projects remove IP addresses.", alias="scrubIPAddresses"
    )
    allow_join_requests: OmittableBoolean = optional("Whether users may ask to join.")
    ai_suggested_solution: OmittableBoolean = optional("Stored and shown, without effect.")
    github_pr_bot: OmittableBoolean = optional(
        "Stored and shown, without effect.", alias="githubPRBot"
    )
    github_open_pr_bot: OmittableBoolean = optional(
        "Stored and shown, without effect.", alias="githubOpenPRBot"
    )
    github_nudge_invite: OmittableBoolean = optional("Stored and shown, without effect.")
    gitlab_pr_bot: OmittableBoolean = optional(
        "Stored and shown, without effect.", alias="gitlabPRBot"
    )
    hide_ai_features: OmittableBoolean = optional("Stored and shown, without effect.")
    issue_alerts_thread_flag: OmittableBoolean = optional("Stored and shown, without effect.")
    metric_alerts_thread_flag: OmittableBoolean = optional("Stored and shown, without effect.")
    rollback_enabled: OmittableBoolean = optional("Stored and shown, without effect.")
    project_rate_limit: Omittable[Annotated[int, Integer(minimum=50, maximum=100), _NeverSet]] = (
        optional("Can't be set.")
    )
    account_rate_limit: Omittable[Annotated[int, Integer(maximum=1_000_000), _NeverSet]] = optional(
        "Can't be set."
    )
    sensitive_fields: Omittable[
        Annotated[
            ListOf[TrimmedText], _at_most(_SENSITIVE_MAX, "List of sensitive fields is too long.")
        ]
    ] = optional("Further fields that all projects remove.")
    safe_fields: Omittable[
        Annotated[ListOf[TrimmedText], _at_most(_SAFE_MAX, "List of safe fields is too long.")]
    ] = optional("Fields that no project removes.")
    store_crash_reports: Omittable[Annotated[int, Integer(minimum=-1, maximum=100)]] = optional(
        "Crash reports to keep per issue, -1 for all."
    )
    attachments_role: _Role = optional("Lowest role that may download attachments.")
    debug_files_role: _Role = optional("Lowest role that may download debug files.")
    relay_pii_config: Annotated[
        Annotated[str, Text(max_length=_PII_MAX, blank=True)] | None,
        AfterValidator(_check_pii_config),
    ] = optional("Rules for the removal of personal data, as JSON.")
    apdex_threshold: Omittable[Annotated[int, Integer(minimum=1, maximum=_INT_MAX)]] = optional(
        "Threshold of Apdex in milliseconds."
    )
    target_sample_rate: Omittable[Annotated[float, Decimal(maximum=1)]] = optional(
        "Part of the transactions to keep."
    )
    sampling_mode: Omittable[_SamplingMode] = optional("What the sample rate is for.")
    default_role: Annotated[Omittable[_DefaultRole], _OwnersOnly] = optional(
        "Role of new members. Ignored unless an owner sends it."
    )
    cancel_deletion: Annotated[OmittableBoolean, _OwnersOnly] = optional(
        "Any boolean cancels a requested deletion. Ignored unless an owner sends it."
    )
    idempotency_key: Annotated[
        Omittable[Annotated[str, Text(max_length=_IDEMPOTENCY_KEY_MAX)]], _OwnersOnly
    ] = optional("Ignored.")

    def to_input(self) -> OrganizationUpdate:
        """Return the changes for the domain: those that were sent."""
        sent = self.sent()
        return OrganizationUpdate(
            name=self.name,
            slug=self.slug,
            default_role=self.default_role,
            is_restored=self.cancel_deletion is not None,
            switches={name: value for name, value in sent.items() if name in _SWITCHES},
            options={name: value for name, value in sent.items() if name in options.OPTIONS},
            relays=self.trusted_relays,
        )

    def new_avatar(self, context: RequestContext) -> NewAvatar | None:
        """Store the photo and return the avatar, or None if the body has no avatar."""
        if not (self.avatar or self.avatar_type):
            return None
        return store_photo(context, self.avatar_type, self.avatar)
