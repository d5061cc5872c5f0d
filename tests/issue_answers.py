"""Issues as the API answers them, and changes of them by hand."""

from typing import Any

from factories import Caller

LIST = "/organizations/acme/issues/"


def names(caller: Caller, path: str = LIST) -> list[str]:
    """Return the short ids of a list, in its order."""
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    return [it["shortId"] for it in answer.json()]


def shown(caller: Caller, short_id: str = "WEB-1") -> dict[str, Any]:
    """Return an issue."""
    answer = caller.get(f"{LIST}{short_id}/")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def id_of(caller: Caller, short_id: str = "WEB-1") -> str:
    """Return the id of an issue."""
    found: str = shown(caller, short_id)["id"]
    return found


def told(caller: Caller, short_id: str = "WEB-1") -> list[tuple[str, dict[str, object]]]:
    """Return the types and data of an issue's activities, the newest first."""
    return [(it["type"], it["data"]) for it in shown(caller, short_id)["activity"]]


def state_of(caller: Caller, short_id: str = "WEB-1") -> tuple[str, str | None, int | None]:
    """Return the status, the substatus, and why it is in the inbox."""
    issue = shown(caller, short_id)
    return issue["status"], issue["substatus"], issue["inbox"] and issue["inbox"]["reason"]


def change(caller: Caller, body: dict[str, object], short_id: str = "WEB-1") -> dict[str, Any]:
    """Change an issue. Return it as the answer shows it."""
    answer = caller.put(f"{LIST}{short_id}/", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def in_release(version: str) -> dict[str, object]:
    """Return the change that resolves an issue in a release."""
    return {"status": "resolved", "statusDetails": {"inRelease": version}}


def ignore(caller: Caller, **conditions: object) -> dict[str, Any]:
    """Ignore an issue until these conditions hold. Return it as the answer shows it."""
    return change(caller, {"status": "ignored", "statusDetails": conditions})
