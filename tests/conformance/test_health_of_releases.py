"""The newer client shows the health of releases, by sessions that an SDK sent."""

import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

from conformance.clients import NEW
from conformance.conftest import Connects
from conformance.servers import Organization
from sessions import session, session_envelope

#: Standings are computed when the digester is idle.
_SECONDS = 60


def test_the_list_shows_adoption_and_crash_free_rates(
    organization: Organization, connects: Connects
) -> None:
    users = [session("web@1.0.0", did=f"u{number}") for number in range(9)]
    send(organization, *users, session("web@1.0.0", did="u9", status="crashed"))
    send(organization, session("web@1.1.0", did="u1"))
    organization.digested_sessions(11)
    client = connects(NEW, organization)
    deadline = time.monotonic() + _SECONDS
    while "90" not in (text := client.succeeds("release", "list", f"{organization.slug}/web")):
        assert time.monotonic() < deadline, text
    assert "web@1.1.0" in text
    # Ten of the eleven sessions; of these ten one crashed.
    assert "100%" in text
    shown = client.succeeds("release", "view", "web@1.0.0")
    assert "90.0%" in shown


def send(organization: Organization, *sessions: dict[str, object]) -> None:
    """Send an envelope of sessions to project web."""
    at = urlsplit(organization.dsns["web"])
    connection = HTTPConnection(str(at.hostname), at.port, timeout=60)
    path = f"/api{at.path}/envelope/?sentry_key={at.username}"
    connection.request("POST", path, session_envelope(*sessions))
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()
