"""The view models of the user's own account: sessions and tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts import store
from shipmark.accounts.model import TOKEN_NAME_MAX, Session, User, UserTokenSummary
from shipmark.accounts.user_agents import device
from shipmark.web import forms

#: Older sessions are not listed; they end with "all others" too.
SESSIONS_MAX = 100
TOKENS_MAX = 200

#: The scopes that a form offers, by what they are about, and what each allows. Tokens of users have those of the role
#: at the most, and no role has ``org:ci``: it is that of the organization's own tokens.
SCOPES: Mapping[str, Mapping[str, str]] = {
    "Organization": {
        "org:read": "Read the organization, repositories and tokens",
        "org:write": "Change the organization and repositories",
        "org:admin": "Delete the organization",
        "org:integrations": "Change and delete repositories",
    },
    "Members": {
        "member:read": "Read members",
        "member:write": "Invite members and change roles",
        "member:admin": "Remove members",
    },
    "Teams": {
        "team:read": "Read teams",
        "team:write": "Create and change teams",
        "team:admin": "Delete teams",
    },
    "Projects and releases": {
        "project:read": "Read projects, keys and releases",
        "project:write": "Change projects and releases",
        "project:admin": "Delete projects and releases",
        "project:releases": "Publish and delete releases, upload source maps",
    },
    "Issues and events": {
        "event:read": "Read issues and events",
        "event:write": "Change issues",
        "event:admin": "Change and delete issues",
    },
    "Alerts": {
        "alerts:read": "Read release thresholds",
        "alerts:write": "Change release thresholds",
    },
}
ALL_OFFERED = frozenset(scope for scopes in SCOPES.values() for scope in scopes)
#: Sets of scopes to begin with, by the name in the URL.
PRESETS: Mapping[str, tuple[str, frozenset[str]]] = {
    "ci": ("CI", frozenset({"org:read", "project:read", "project:releases"})),
    "read-only": (
        "Read only",
        frozenset(scope for scope in ALL_OFFERED if scope.endswith(":read")),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session with its device in words; ``is_own`` for that of this browser."""

    session: Session
    device: str
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenForm:
    """A new token as typed, and the problems of the fields by name."""

    name: str = ""
    scopes: frozenset[str] = frozenset()
    problems: Mapping[str, str] = field(default_factory=dict)


def session_rows(
    connection: Connection, user: User, own_digest: str, at: datetime
) -> Sequence[SessionRow]:
    """Return the user's sessions, that of this browser first, then the last used."""
    sessions = store.sessions_of(connection, user.id, at, limit=SESSIONS_MAX)
    rows = [
        SessionRow(
            session=session, device=device(session.user_agent), is_own=session.digest == own_digest
        )
        for session in sessions
    ]
    return sorted(rows, key=lambda row: not row.is_own)


def user_tokens(connection: Connection, user: User) -> Sequence[UserTokenSummary]:
    """Return the user's tokens, the newest first."""
    return store.tokens_of(connection, user.id, limit=TOKENS_MAX)[::-1]


def preset_form(name: str) -> TokenForm:
    """Return the form of a new token with the scopes of a preset; any other name is an empty form."""
    _, scopes = PRESETS.get(name, ("", frozenset()))
    return TokenForm(scopes=scopes)


def read_token_form(name: str, scopes: Sequence[str]) -> TokenForm:
    """Return the form as sent; scopes that it does not offer are left out."""
    name, offered = name.strip(), frozenset(scopes) & ALL_OFFERED
    problems = {}
    if problem := forms.name_problem(name, TOKEN_NAME_MAX):
        problems["name"] = problem
    if not offered:
        problems["scopes"] = "Select at least one scope."
    return TokenForm(name=name, scopes=offered, problems=problems)
