"""The lines that set up each SDK to send errors of a project, with its DSN, a release and an environment."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_ENVIRONMENT = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkSetup:
    """How to install and start an SDK. ``platforms`` are the platforms of projects that it is for."""

    name: str
    platforms: Sequence[str]
    install: str
    code: str

    def is_for(self, platform: str | None) -> bool:
        """Return True if the SDK is for the platform, or for its first part: ``python-django`` is Python."""
        return platform is not None and platform.lower().partition("-")[0] in self.platforms


#: The code has DSN, RELEASE and ENVIRONMENT where the literals go.
_SDKS = (
    SdkSetup(
        name="JavaScript (browser)",
        platforms=("javascript",),
        install="npm install --save @sentry/browser",
        code="""\
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: DSN,
  release: RELEASE,
  environment: ENVIRONMENT,
});""",
    ),
    SdkSetup(
        name="Node.js",
        platforms=("node",),
        install="npm install --save @sentry/node",
        code="""\
// instrument.mjs, loaded first: node --import ./instrument.mjs app.mjs
import * as Sentry from "@sentry/node";

Sentry.init({
  dsn: DSN,
  release: RELEASE,
  environment: ENVIRONMENT,
});""",
    ),
    SdkSetup(
        name="Python",
        platforms=("python",),
        install="pip install --upgrade sentry-sdk",
        code="""\
import sentry_sdk

sentry_sdk.init(
    dsn=DSN,
    release=RELEASE,
    environment=ENVIRONMENT,
)""",
    ),
    SdkSetup(
        name="Go",
        platforms=("go",),
        install="go get github.com/getsentry/sentry-go",
        code="""\
err := sentry.Init(sentry.ClientOptions{
	Dsn:         DSN,
	Release:     RELEASE,
	Environment: ENVIRONMENT,
})""",
    ),
    SdkSetup(
        name="Ruby",
        platforms=("ruby",),
        install="bundle add sentry-ruby",
        code="""\
require "sentry-ruby"

Sentry.init do |config|
  config.dsn = DSN
  config.release = RELEASE
  config.environment = ENVIRONMENT
end""",
    ),
    SdkSetup(
        name="PHP",
        platforms=("php",),
        install="composer require sentry/sentry",
        code="""\
\\Sentry\\init([
    'dsn' => DSN,
    'release' => RELEASE,
    'environment' => ENVIRONMENT,
]);""",
    ),
    SdkSetup(
        name="Java and Kotlin",
        platforms=("java", "kotlin"),
        install="# Maven or Gradle: the artifact sentry of the group io.sentry",
        code="""\
Sentry.init(options -> {
    options.setDsn(DSN);
    options.setRelease(RELEASE);
    options.setEnvironment(ENVIRONMENT);
});""",
    ),
    SdkSetup(
        name=".NET",
        platforms=("dotnet", "csharp"),
        install="dotnet add package Sentry",
        code="""\
SentrySdk.Init(options =>
{
    options.Dsn = DSN;
    options.Release = RELEASE;
    options.Environment = ENVIRONMENT;
});""",
    ),
    SdkSetup(
        name="Rust",
        platforms=("rust",),
        install="cargo add sentry",
        code="""\
let _guard = sentry::init((DSN, sentry::ClientOptions {
    release: Some(RELEASE.into()),
    environment: Some(ENVIRONMENT.into()),
    ..Default::default()
}));""",
    ),
    SdkSetup(
        name="Android",
        platforms=("android",),
        install="# Gradle: the artifact sentry-android of the group io.sentry",
        code="""\
SentryAndroid.init(this) { options ->
    options.dsn = DSN
    options.release = RELEASE
    options.environment = ENVIRONMENT
}""",
    ),
    SdkSetup(
        name="Apple (Swift)",
        platforms=("apple", "cocoa", "swift"),
        install="# Swift package: https://github.com/getsentry/sentry-cocoa",
        code="""\
SentrySDK.start { options in
    options.dsn = DSN
    options.releaseName = RELEASE
    options.environment = ENVIRONMENT
}""",
    ),
)


def sdk_setups(dsn: str, project_slug: str, platform: str | None) -> list[SdkSetup]:
    """Return the lines of all SDKs, those for the project's platform first."""
    literals = {"DSN": dsn, "RELEASE": f"{project_slug}@1.0.0", "ENVIRONMENT": _ENVIRONMENT}
    setups = [_filled(setup, literals) for setup in _SDKS]
    return sorted(setups, key=lambda setup: not setup.is_for(platform))


def _filled(setup: SdkSetup, literals: dict[str, str]) -> SdkSetup:
    """Return the lines with literals in double quotes, which every language here reads alike for URLs and slugs."""
    parts = re.split(r"\b(DSN|RELEASE|ENVIRONMENT)\b", setup.code)
    # Every other part is the name of a literal.
    parts[1::2] = [json.dumps(literals[name]) for name in parts[1::2]]
    return replace(setup, code="".join(parts))
