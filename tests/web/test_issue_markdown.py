"""An issue as Markdown, and an event of it as JSON, from its page."""

import re
from html import unescape

from sqlalchemy import delete

from shipmark.events import store as events

ISSUES = "/organizations/acme/issues/"


def copied(owner, label, name="WEB-1"):
    page = owner.get(f"{ISSUES}{name}/").text
    [text] = re.findall(
        rf'<button type="button" hidden data-copy="([^"]*)">[^\n]*?{label}</button>', page
    )
    return unescape(text)


def test_the_link_of_an_issue_is_copied(house, owner):
    house.fail("web@1.0.0")
    assert copied(owner, "Copy link") == f"http://testserver.local{ISSUES}WEB-1/"


def test_an_issue_is_copied_as_markdown(house, owner):
    house.fail("web@1.0.0", environment="production", transaction="POST /pay")
    assert copied(owner, "Copy as Markdown") == (
        f"### [WEB-1](http://testserver.local{ISSUES}WEB-1/) ValueError: something is None\n"
        "\n"
        "* Culprit: POST /pay\n"
        "* Release: web@1.0.0\n"
        "* Environment: production\n"
        "\n"
        "```\n"
        "ValueError: something is None\n"
        "  checkout (shop/cart.py:41)\n"
        "```\n"
    )


def test_frames_of_libraries_are_copied_where_none_is_of_the_application(house, owner):
    frame = {"function": "run", "filename": "server.py", "lineno": 7, "context_line": "  go()  "}
    exception = {
        "values": [{"type": "ValueError", "value": "x", "stacktrace": {"frames": [frame]}}]
    }
    house.fail("web@1.0.0", exception=exception)
    text = copied(owner, "Copy as Markdown")
    assert "```\nValueError: x\n  run (server.py:7)\n    go()\n```\n" in text


def test_a_message_is_copied_whole(house, owner):
    house.fail("web@1.0.0", exception=None, message="Could not sell:\ntea")
    assert copied(owner, "Copy as Markdown").endswith("\n\n```\nCould not sell:\ntea\n```\n")


def test_what_an_event_says_stays_text(house, owner):
    house.fail("web@1.0.0", "<img src=x> [link](javascript:0) ```\n# title")
    text = copied(owner, "Copy as Markdown")
    assert text.startswith(f"### [WEB-1](http://testserver.local{ISSUES}WEB-1/) ValueError: \\<img")
    assert "\n````\nValueError: <img" in text
    assert text.endswith("\n````\n")


def test_an_issue_without_events_is_copied(house, owner):
    house.fail("web@1.0.0")
    with house.database.transaction() as connection:
        connection.execute(delete(events.events))
    assert "```" not in copied(owner, "Copy as Markdown")


def json_address(owner, name="WEB-1"):
    [address] = re.findall(r'href="([^"]+/json/)">JSON<', owner.get(f"{ISSUES}{name}/").text)
    return address


def test_an_event_is_shown_as_json(house, owner):
    house.fail("web@1.0.0", tags={"plan": "größer"})
    address = json_address(owner)
    answer = owner.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    event = answer.json()
    assert event["event_id"] == address.split("/")[-3]
    assert (event["project"], event["release"]) == (house.project.id, "web@1.0.0")
    assert event["tags"] == {"plan": "größer"}


def test_what_rules_remove_is_not_in_the_json(house, owner):
    house.fail("web@1.0.0", extra={"password": "hunter2"})
    assert "hunter2" not in owner.get(json_address(owner)).text


def test_only_events_of_the_issue_are_shown(house, owner):
    house.fail("web@1.0.0")
    house.fail("web@1.0.0", fingerprint=["another"])
    address = json_address(owner)
    for wrong in (
        address.replace("WEB-1", "WEB-2"),
        f"{ISSUES}WEB-1/events/{'ab' * 16}/json/",
        f"{ISSUES}WEB-1/events/latest/json/",
        f"{ISSUES}WEB-9/events/{'ab' * 16}/json/",
    ):
        assert owner.get(wrong).status_code == 404


def test_strangers_see_no_event(house, browser):
    house.fail("web@1.0.0")
    house.sign_in(browser, house.owner)
    address = json_address(browser)
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(address).status_code == 404
