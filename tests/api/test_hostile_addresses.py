"""Addresses that nobody honest sends are refused, or find nothing; they never fail."""

import pytest
from factories import Caller, commit

VALUES = [
    "%ff",
    "%ed%a0%80",
    "%F0%9F%98%80",
    "..",
    "%2e%2e",
    "9" * 30,
    "9" * 5000,
    "-1",
    "%25",
    "a" * 5000,
]
#: Parts of an address that become texts for the database.
TEXTS = [
    "/organizations/{}/",
    "/organizations/{}/releases/",
    "/organizations/acme/releases/{}/",
    "/organizations/acme/releases/{}/commits/",
    "/organizations/acme/releases/{}/compare/?base=web@1.0.0",
    "/organizations/acme/releases/web@1.0.0/compare/?base={}",
    "/organizations/acme/releases/?query={}",
    "/organizations/acme/releases/?environment={}",
    "/organizations/acme/releases/web@1.0.0/commits/?repo_name={}",
    "/organizations/acme/releases/web@1.0.0/commitfiles/?repo_name={}",
    "/organizations/acme/repos/?query={}",
    "/organizations/acme/issues/?query={}",
    "/projects/acme/{}/",
    "/projects/acme/web/events/{}/committers/",
    "/projects/acme/web/releases/{}/",
    "/projects/acme/web/releases/?environment={}",
    "/projects/acme/web/commits/?query={}",
    "/projects/acme/web/releases/{}/stats/",
    "/projects/acme/web/releases/web@1.0.0/stats/?type={}",
    "/projects/acme/web/releases/web@1.0.0/stats/?environment={}",
    "/projects/acme/web/release-thresholds/?environment={}",
    "/organizations/acme/release-thresholds/?project={}",
    "/organizations/acme/release-threshold-statuses/?start=2026-01-01T00:00:00&end=2027-01-01T00:00:00&release={}",
    "/organizations/acme/repos/?query={}&query={}",
    "/organizations/acme/repos/?integration_id={}",
    "/teams/acme/{}/release-count/",
]
PATHS = [
    *TEXTS,
    "/organizations/acme/issues/{}/",
    "/organizations/acme/shortids/{}/",
    "/organizations/acme/repos/{}/commits/",
    "/issues/{}/",
    "/issues/{}/committers/",
    "/organizations/acme/issues/{}/committers/",
    "/organizations/acme/issues/WEB-1/committers/?frameLimit={}",
    "/organizations/acme/releases/?project={}",
    "/organizations/acme/releases/?projectSlug={}",
    "/organizations/acme/releases/?cursor={}:0:0",
    "/organizations/acme/releases/?cursor=1:{}:0",
    "/organizations/acme/releases/?per_page={}",
    "/organizations/acme/releases/?statsPeriod={}d",
    "/organizations/acme/releases/?start={}&end=2026-01-01T00:00:00",
    "/organizations/acme/releases/web@1.0.0/commits/?cursor={}:0:0",
    "/organizations/acme/projects/?query={}",
    "/organizations/acme/repos/1/commits/?cursor={}:0:0",
    "/organizations/acme/repos/1/commits/?cursor=1:{}:1",
    "/organizations/acme/releases/web@1.0.0/commits/?repo_id={}",
    "/projects/acme/web/commits/?cursor={}:{}:0",
    "/projects/acme/web/release-thresholds/{}/",
    "/projects/acme/web/releases/web@1.0.0/stats/?interval={}",
    "/projects/acme/web/releases/web@1.0.0/stats/?interval={}h&statsPeriod={}d",
    "/projects/acme/web/releases/web@1.0.0/stats/?start={}&end=2026-01-01T00:00:00",
    "/organizations/acme/release-threshold-statuses/?start={}&end={}",
    "/organizations/acme/members/{}/unreleased-commits/",
    "/organizations/acme/issues/{}/current-release/",
    "/issues/{}/first-last-release/",
    "/teams/acme/core/release-count/?start={}&end=2026-01-01T00:00:00",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_address_fails(alice: Caller, path: str) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    failed = {
        value: answer.status_code
        for value in VALUES
        if (answer := alice.get(path.replace("{}", value))).status_code >= 500
    }
    assert failed == {}


@pytest.mark.parametrize("path", TEXTS)
def test_a_nul_character_finds_nothing(alice: Caller, path: str) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    assert alice.get(path.replace("{}", "a%00b")).status_code < 500


@pytest.mark.parametrize("version", ["9" * 300, "%2e%2e", "%ff"])
def test_no_address_that_is_written_to_fails(alice: Caller, version: str) -> None:
    path = f"/organizations/acme/releases/{version}/"
    answers = [alice.put(path, {}), alice.delete(path), alice.post(f"{path}deploys/", {})]
    assert all(400 <= it.status_code < 500 for it in answers)


@pytest.mark.parametrize("token", [b"\x00".decode(), "a" * 100_000, "sntrys_", "é"])
def test_no_token_fails(anonymous: Caller, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}x".encode()}
    answer = anonymous.client.get("/api/0/organizations/acme/", headers=headers)
    assert answer.status_code == 401
