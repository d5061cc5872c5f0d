"""The dialog of ``showReportDialog()``: its script, and the reports that it sends (ingest.md 1)."""

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from factories import World, error_event, on_one_database, rows
from httpx import Client, Response

from shipmark.infrastructure.database import Database

EVENT_ID = "a" * 32
FORM = {"name": "Jane Größe", "email": "jane@example.com", "comments": "It broke & burned."}


@pytest.fixture
def dsn(world: World) -> str:
    return f"https://{world.keys['web']}@ship.example.com/{world.projects['web']}"


def path(**query: object) -> str:
    return f"/api/embed/error-page/?{urlencode(query)}"


def sent(client: Client, dsn: str, form: dict[str, str], **query: object) -> Response:
    named = {"dsn": dsn, "eventId": EVENT_ID} | query
    return client.post(path(**named), data=form, headers={"Origin": "https://shop.example.com"})


def texts_of(script: str) -> dict[str, Any]:
    found = re.search(r"const texts = (\{.*\});\n", script)
    assert found is not None
    texts: dict[str, Any] = json.loads(found[1])
    return texts


def test_a_report_is_kept_and_tied_to_its_event(
    client: Client, database: Database, world: World, dsn: str
) -> None:
    answer = sent(client, dsn, FORM)
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["access-control-allow-origin"] == "*"
    store = f"/api/{world.projects['web']}/store/?sentry_key={world.keys['web']}"
    assert client.post(store, json=error_event(event_id=EVENT_ID)).status_code == 200
    [report] = rows(database, "user_reports")
    [issue] = rows(database, "issues")
    assert {name: report[name] for name in FORM} == FORM
    assert (report["event_id"], report["issue_id"]) == (EVENT_ID, issue["id"])


@on_one_database
def test_the_script_has_the_texts_of_the_page(client: Client, dsn: str) -> None:
    answer = client.get(path(dsn=dsn, eventId=EVENT_ID, title="Oh", name="Jane", unknown="x"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"
    texts = texts_of(answer.text)
    assert (texts["title"], texts["name"], texts["labelClose"]) == ("Oh", "Jane", "Close")
    assert "unknown" not in texts


@on_one_database
def test_texts_can_not_end_the_script(client: Client, dsn: str) -> None:
    hostile = "</script><script>alert(1)</script>\u2028\"'\\"
    script = client.get(path(dsn=dsn, eventId=EVENT_ID, title=hostile)).text
    assert "</script" not in script
    assert "\u2028" not in script
    assert texts_of(script)["title"] == hostile


@on_one_database
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ({"dsn": "", "eventId": EVENT_ID}, 400, "dsn"),
        ({"dsn": "nonsense", "eventId": EVENT_ID}, 400, "DSN"),
        ({"dsn": f"https://{'0' * 32}@ship.example.com/1", "eventId": EVENT_ID}, 403, "rejected"),
        ({"eventId": ""}, 400, "eventId"),
        ({"eventId": "x"}, 400, "eventId"),
        ({"eventId": "0" * 32}, 400, "eventId"),
    ],
)
def test_what_names_no_project_or_event_is_refused(
    client: Client,
    database: Database,
    dsn: str,
    method: str,
    query: dict[str, str],
    status: int,
    word: str,
) -> None:
    answer = client.request(method, path(**({"dsn": dsn} | query)), data=FORM)
    assert (answer.status_code, word in answer.json()["detail"]) == (status, True), answer.text
    assert rows(database, "user_reports") == []


@on_one_database
def test_a_key_in_a_header_does_not_count(client: Client, dsn: str) -> None:
    headers = {"X-Sentry-Auth": f"Sentry sentry_key={'f' * 32}"}
    answer = client.post(path(dsn=dsn, eventId=EVENT_ID), data=FORM, headers=headers)
    assert answer.status_code == 200


@on_one_database
@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"name": "Jane", "comments": "  "}, 400),
        ({"name": "Jane"}, 400),
        ({"comments": "x" * 70_000}, 413),
        ({f"field{number}": "x" for number in range(30)} | FORM, 400),
    ],
)
def test_a_form_that_can_not_be_kept_is_refused(
    client: Client, database: Database, dsn: str, form: dict[str, str], status: int
) -> None:
    assert sent(client, dsn, form).status_code == status
    assert rows(database, "user_reports") == []


@on_one_database
def test_only_what_is_written_is_needed(client: Client, database: Database, dsn: str) -> None:
    assert sent(client, dsn, {"comments": "It broke."}).status_code == 200
    [report] = rows(database, "user_reports")
    assert (report["name"], report["email"]) == ("", "")
