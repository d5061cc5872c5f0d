"""The lines that set up SDKs."""

import json

import pytest

from shipmark.web.view_models.settings.sdk_setup import sdk_setups

DSN = "https://0123456789abcdef0123456789abcdef@ship.example.com:8443/42"


@pytest.mark.parametrize("setup", sdk_setups(DSN, "web", None), ids=lambda setup: setup.name)
def test_each_sdk_gets_dsn_release_and_environment_once(setup):
    for value in (DSN, "web@1.0.0", "production"):
        assert setup.code.count(json.dumps(value)) == 1, setup.code
    assert not any(word in setup.code for word in ("RELEASE", "ENVIRONMENT"))
    assert setup.install


@pytest.mark.parametrize(
    ("platform", "first"),
    [
        ("python", "Python"),
        ("python-django", "Python"),
        ("Go", "Go"),
        ("csharp", ".NET"),
        ("cocoa", "Apple (Swift)"),
        ("unknown", "JavaScript (browser)"),
        (None, "JavaScript (browser)"),
    ],
)
def test_the_sdk_of_the_platform_comes_first(platform, first):
    assert sdk_setups(DSN, "web", platform)[0].name == first


def test_a_slug_that_looks_like_a_placeholder_stays():
    setup = sdk_setups(DSN, "dsn-release", "python")[0]
    assert '"dsn-release@1.0.0"' in setup.code
