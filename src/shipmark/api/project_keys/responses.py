"""The object of a DSN key (auth-and-errors.md 8.7)."""

from collections.abc import Sequence
from datetime import datetime

from shipmark.api.rate_limits import RateLimitResponse
from shipmark.api.responses import Wire
from shipmark.projects.model import ProjectKey

#: The versions of the browser SDK that a key can ask for.
SDK_VERSIONS = ("latest", "10.x", "9.x", "8.x", "7.x", "6.x", "5.x", "4.x")
SDK_DEFAULT = "7.x"


class DsnResponse(Wire):
    """The addresses to which SDKs send."""

    secret: str
    public: str
    csp: str
    security: str
    minidump: str
    unreal: str
    cdn: str


class BrowserSdkResponse(Wire):
    """The versions of the browser SDK: values with labels."""

    choices: Sequence[Sequence[str]] = tuple((version, version) for version in SDK_VERSIONS)


class LoaderOptionsResponse(Wire):
    """The parts of the browser SDK to load."""

    has_replay: bool
    has_performance: bool
    has_debug: bool


class ProjectKeyResponse(Wire):
    """A key with which SDKs authenticate. The project's id is a number here."""

    id: str
    name: str
    label: str
    public: str
    secret: str
    project_id: int
    is_active: bool
    rate_limit: RateLimitResponse | None
    dsn: DsnResponse
    browser_sdk_version: str
    browser_sdk: BrowserSdkResponse
    date_created: datetime | None
    dynamic_sdk_loader_options: LoaderOptionsResponse


def project_key_response(key: ProjectKey, address: str) -> ProjectKeyResponse:
    """Return a key as the API shows it; ``address`` is that at which SDKs reach this server."""
    scheme, _, host = address.partition("://")
    api = f"{address}/api/{key.project_id}"
    by_key = f"?sentry_key={key.public_key}"
    loaded = key.details.get("dynamicSdkLoaderOptions")
    options = loaded if isinstance(loaded, dict) else {}
    limit = key.rate_limit
    return ProjectKeyResponse(
        id=key.public_key,
        name=key.label,
        label=key.label,
        public=key.public_key,
        secret=key.secret_key,
        project_id=key.project_id,
        is_active=key.is_active,
        rate_limit=RateLimitResponse(count=limit[0], window=limit[1]) if limit else None,
        dsn=DsnResponse(
            secret=f"{scheme}://{key.public_key}:{key.secret_key}@{host}/{key.project_id}",
            public=key.dsn(address),
            csp=f"{api}/csp-report/{by_key}",
            security=f"{api}/security/{by_key}",
            minidump=f"{api}/minidump/{by_key}",
            unreal=f"{api}/unreal/{key.public_key}/",
            cdn=f"{address}/js-sdk-loader/{key.public_key}.min.js",
        ),
        browser_sdk_version=str(key.details.get("browserSdkVersion", SDK_DEFAULT)),
        browser_sdk=BrowserSdkResponse(),
        date_created=key.created_at,
        dynamic_sdk_loader_options=LoaderOptionsResponse(
            has_replay=bool(options.get("hasReplay", False)),
            has_performance=bool(options.get("hasPerformance", False)),
            has_debug=bool(options.get("hasDebug", False)),
        ),
    )
