"""Settings of the operator. Each is an environment variable; ``docs/settings.md`` describes them all."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

PREFIX = "SHIPMARK_"
MEBIBYTE = 1024 * 1024
#: A lower limit would keep nothing that explains an issue.
EVENTS_PER_ISSUE_MIN = 100
#: The longest address of an OpenID provider.
ISSUER_MAX = 500
#: The names for all addresses of a machine, and the loopback address of each.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # nothing is bound here


class SettingsError(Exception):
    """A setting has an invalid value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. The variable of ``database_url`` is ``SHIPMARK_DATABASE_URL``, and so on."""

    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 0
    database_url: str = ""
    blobs_url: str = ""
    base_url: str = ""
    log_format: str = "text"
    log_level: str = "info"
    report_dsn: str = ""
    commits_max: int = 10_000
    body_max_bytes: int = 50 * MEBIBYTE
    event_max_bytes: int = MEBIBYTE
    envelope_max_bytes: int = 100 * MEBIBYTE
    attachment_max_bytes: int = 20 * MEBIBYTE
    attachments_max_bytes: int = 100 * MEBIBYTE
    event_log_max_bytes: int = 1024 * MEBIBYTE
    body_budget_bytes: int = 64 * MEBIBYTE
    read_timeout_seconds: float = 30.0
    stop_timeout_seconds: int = 30
    trusted_proxies: str = ""
    lock_wait_seconds: float = 10.0
    database_connections: int = 5
    metrics: bool = True
    git_remotes: str = ""
    git_allow_files: bool = False
    git_seconds_max: float = 300.0
    git_bytes_max: int = 512 * MEBIBYTE
    outgoing_allow_private: bool = False
    secret_key: str = ""
    artifact_days: int = 90
    event_retention_days: int = 90
    events_per_issue_max: int = 1000
    attachment_retention_days: int = 30
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = "single sign-on"
    oidc_organization: str = ""
    oidc_trust_emails: bool = False

    def __post_init__(self) -> None:
        """Raise `SettingsError` for a base URL, a limit or an OpenID provider that cannot be used."""
        if self.base_url:
            _check_base_url(self.base_url)
        if self.oidc_issuer:
            _check_issuer(self.oidc_issuer)
        if 0 < self.events_per_issue_max < EVENTS_PER_ISSUE_MIN:
            raise SettingsError(
                "SHIPMARK_EVENTS_PER_ISSUE_MAX must be 0, for no limit, or at least"
                f" {EVENTS_PER_ISSUE_MIN}."
            )
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise SettingsError(
                "SHIPMARK_OIDC_ISSUER and SHIPMARK_OIDC_CLIENT_ID must be set together."
            )

    @property
    def database(self) -> str:
        """URL of the database: a SQLite file in the data folder unless another is set."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'shipmark.db'}"

    @property
    def blobs(self) -> str:
        """URL of the blob store: a folder in the data folder unless another is set."""
        return self.blobs_url or (self.data.absolute() / "blobs").as_uri()

    @property
    def address(self) -> str:
        """URL of this server for users and clients, without a trailing slash.

        Without a base URL it has host and port; for a server that listens on all addresses, the loopback address.
        """
        if self.base_url:
            return self.base_url.rstrip("/")
        host = _LOOPBACK.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def is_reached_locally_only(self) -> bool:
        """Return True if the server listens on all addresses, and no base URL is set for other machines."""
        return not self.base_url and self.host in _LOOPBACK

    @property
    def event_log(self) -> Path:
        """Path of the folder with the logs of events that wait to be digested."""
        return self.data / "event-log"

    @property
    def secret_key_file(self) -> Path:
        """Path of the key for encrypted secrets, unless one is set."""
        return self.data / "secret.key"

    @property
    def known_hosts_file(self) -> Path:
        """Path of the known keys of SSH servers."""
        return self.data / "known_hosts"

    @property
    def worker_count(self) -> int:
        """Number of worker processes: the number of processors unless set."""
        return self.workers or os.cpu_count() or 1


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from environment variables. Raise `SettingsError`, naming the variable, for an invalid one."""
    types = get_type_hints(Settings)
    result: dict[str, Any] = {}
    for field in fields(Settings):
        name = PREFIX + field.name.upper()
        if text := environment.get(name, ""):
            result[field.name] = _read(name, text, types[field.name])
    return Settings(**result)


def to_environment(settings: Settings) -> dict[str, str]:
    """Return the variables from which `from_environment` restores these settings, for worker processes."""
    return {PREFIX + f.name.upper(): str(getattr(settings, f.name)) for f in fields(Settings)}


def _check_base_url(text: str) -> None:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise SettingsError(f"SHIPMARK_BASE_URL {text!r} is not a URL.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(
            f"SHIPMARK_BASE_URL must be a URL such as https://ship.example.com, not {text!r}."
        )
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        # Clients build URLs from the host of a DSN, and would lose a path.
        raise SettingsError(
            f"SHIPMARK_BASE_URL must have a scheme and a host only, not {text!r}:"
            " Shipmark needs a host name of its own, without a path."
        )
    if parts.hostname in _LOOPBACK:
        raise SettingsError(
            f"SHIPMARK_BASE_URL must be the address that clients connect to, not {text!r}."
        )


def _check_issuer(text: str) -> None:
    try:
        parts = urlsplit(text)
        is_safe = parts.scheme == "https" or parts.hostname in {"127.0.0.1", "::1", "localhost"}
    except ValueError:
        is_safe = False
    if not is_safe or parts.scheme not in {"http", "https"} or len(text) > ISSUER_MAX:
        raise SettingsError(
            f"SHIPMARK_OIDC_ISSUER must be a URL such as https://login.example.com, not {text!r}."
        )


def _read(name: str, text: str, type_: type) -> object:
    if type_ is bool:
        if text.lower() not in {"1", "0", "true", "false", "yes", "no"}:
            raise SettingsError(f"{name} must be true or false, not {text!r}.")
        return text.lower() in {"1", "true", "yes"}
    try:
        return type_(text)
    except ValueError:
        raise SettingsError(f"{name} must be a number, not {text!r}.") from None
