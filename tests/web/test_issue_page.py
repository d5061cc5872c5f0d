"""An issue with its newest event, and what happened to it."""

import re
from html import unescape

import pytest
from sqlalchemy import delete

from shipmark.events import store as events
from shipmark.infrastructure.clock import now
from shipmark.issues import user_reports
from shipmark.issues.actions import prioritize
from shipmark.issues.actions.update_issue import update_issues
from shipmark.issues.actions.user_reports import receive
from shipmark.issues.model import IssueStatus, StatusChange
from shipmark.issues.priorities import Priority
from shipmark.issues.store import states
from shipmark.repositories import store as repositories
from shipmark.repositories.store import code_mappings

ISSUES = "/organizations/acme/issues/"


OWN = {"Sec-Fetch-Site": "same-origin"}


def test_an_open_issue_is_shown_with_its_stack(house, owner):
    house.fail("web@1.0.0")
    issue_id = house.fail("web@1.0.0", level="warning", environment="production")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    for shown in (
        "ValueError: something is None", "WEB-1", "Unresolved", "production", "checkout",
        "shop/cart.py:41", "In app", "server.py:7", "First seen in",
    ):  # fmt: skip
        assert shown in text, shown
    assert '<dt>Events</dt><dd class="num">2</dd>' in text


def test_a_message_that_the_title_does_not_hold_is_shown(house, owner):
    long = f"Could not sell:\n{'tea, ' * 30}milk"
    issue_id = house.fail("web@1.0.0", exception=None, message=long)
    assert f">{long}</p>" in owner.get(f"{ISSUES}{issue_id}/").text
    issue_id = house.fail("web@1.0.0", logentry={"message": "order %s failed", "params": [17]})
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert ">order 17 failed</p>" in text
    assert "ValueError: something is None" in text


def test_a_message_that_is_said_elsewhere_is_not_shown_again(house, owner):
    issue_id = house.fail("web@1.0.0", exception=None, message="sold out")
    assert ">sold out</p>" not in owner.get(f"{ISSUES}{issue_id}/").text
    issue_id = house.fail("web@1.0.0", "sold \x1b[1mout", message="sold \x1b[1mout")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert text.count("sold out</p>") == 1
    sent = f"ValueError: {'tea ' * 30}"
    issue_id = house.fail("web@1.0.0", f"{'tea ' * 30}", message=sent)
    assert sent not in owner.get(f"{ISSUES}{issue_id}/").text
    assert "\x1b" not in text


def test_a_resolved_issue_says_where_and_by_whom(house, owner):
    issue_id = house.fail("web@1.0.0")
    house.person("ada@example.com", None)
    release = house.publish("web@1.1.0", message="Mend it. Fixes WEB-1")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert f'title="{release.version}">1.1.0</a>' in text
    for shown in ("Resolved", "resolved it in", "mentioned this issue in", "Mend it. Fixes WEB-1"):
        assert shown in text, shown
    assert text.count("resolved it in") == 1


def test_an_issue_is_found_by_its_short_id(house, owner):
    issue_id = house.fail("web@1.0.0")
    by_id = owner.get(f"{ISSUES}{issue_id}/")
    for short_id in ("WEB-1", "web-1"):
        answer = owner.get(f"{ISSUES}{short_id}/")
        assert (answer.status_code, _title(answer)) == (200, _title(by_id))


def _title(answer):
    return answer.text.partition("<title>")[2].partition("</title>")[0]


def test_an_author_who_is_no_member_is_named(house, owner):
    issue_id = house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1", author_name="Grace Hopper")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    for shown in (
        "<b>Grace Hopper</b> resolved it", "<b>Grace Hopper</b> mentioned", "by Grace Hopper",
    ):  # fmt: skip
        assert shown in text, shown


def test_the_release_names_that_author_too(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1", author_name="Grace Hopper")
    release = owner.get("/organizations/acme/releases/web@1.1.0/").text
    assert "<b>Grace Hopper</b> resolved" in release.partition('id="activity"')[2]


def test_an_author_without_a_name_is_named_by_the_address(house, owner):
    issue_id = house.fail("web@1.0.0")
    house.publish(
        "web@1.1.0", message="Fixes WEB-1", author_name=None, author_email="grace@example.com"
    )
    assert "<b>grace@example.com</b> resolved it" in owner.get(f"{ISSUES}{issue_id}/").text


def test_an_issue_that_was_resolved_in_a_commit_names_it(house, owner):
    """The project has no release with the commit yet."""
    issue_id = house.fail("web@1.0.0")
    release = house.publish("api@1.0.0", project=house.extra_project("api"))
    with house.database.transaction() as connection:
        commit = repositories.commits_by_ids(connection, [release.last_commit_id])
        change = StatusChange(status=IssueStatus.RESOLVED, in_commit=commit[release.last_commit_id])
        locked = states.locked(connection, house.organization.id, [issue_id])
        update_issues(connection, locked, change, house.owner.id, now())
    text = owner.get(f"{ISSUES}{issue_id}/").text
    sha = change.in_commit.sha
    assert re.search(rf'<dt>Status</dt><dd>Resolved with <code class="sha" title="{sha}">', text)
    assert f'<b>{house.owner.display_name}</b> resolved it with <code class="sha"' in text


def test_a_priority_is_shown_with_who_set_it(house, owner):
    issue_id = house.fail("web@1.0.0", level="warning")
    assert "<dt>Priority</dt><dd>Medium</dd>" in owner.get(f"{ISSUES}{issue_id}/").text
    with house.database.transaction() as connection:
        locked = states.locked(connection, house.organization.id, [issue_id])
        prioritize.set_priority(connection, locked, Priority.LOW, house.owner.id, now())
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert "<dt>Priority</dt><dd>Low</dd>" in text
    assert f"<b>{house.owner.display_name}</b> set the priority to low" in text


def test_the_events_of_an_issue_are_linked(house, owner):
    issue_id = house.fail("web@1.0.0", environment="first")
    for environment in ("second", "third"):
        house.fail("web@1.0.0", environment=environment)
    latest = owner.get(f"{ISSUES}WEB-1/").text
    assert "Latest event" in latest
    assert 'rel="next"' not in latest
    previous = owner.get(re.search(r'rel="prev" href="([^"]+)"', latest)[1]).text
    assert '<span class="env " title="second">' in previous
    assert 'rel="next"' in previous
    first = owner.get(f"{ISSUES}{issue_id}/?event=oldest").text
    assert '<span class="env " title="first">' in first
    assert 'rel="prev"' not in first


@pytest.mark.parametrize("event", ["x", "0" * 32, "OLDEST", "%00", "²", "9" * 5000])
def test_an_unknown_event_shows_the_latest(house, owner, event):
    house.fail("web@1.0.0")
    answer = owner.get(f"{ISSUES}WEB-1/?event={event}")
    assert answer.status_code == 200
    assert "Latest event" in answer.text


def test_an_event_of_another_issue_is_not_shown(house, owner):
    house.fail("web@1.0.0", "other", fingerprint=["other"], environment="secret-place")
    text = owner.get(f"{ISSUES}WEB-1/").text
    event_id = re.search(r'data-copy="([0-9a-f]{32})"', text)[1]
    house.fail("web@1.0.0")
    assert "secret-place" not in owner.get(f"{ISSUES}WEB-2/?event={event_id}").text


def test_the_number_of_statements_does_not_depend_on_what_happened(house, owner, statements):
    house.fail("web@1.0.0")
    owner.get(f"{ISSUES}WEB-1/")
    counts = []
    for _ in range(2):
        house.publish(f"web@1.{len(counts) + 1}.0", message="Fixes WEB-1")
        house.fail(f"web@1.{len(counts) + 1}.0", environment=f"e{len(counts)}")
        statements.clear()
        owner.get(f"{ISSUES}WEB-1/")
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_the_commit_that_may_have_brought_it_is_named(house, owner):
    """`House.publish` changes the file that `House.fail` fails in."""
    house.publish("web@1.0.0", message="Make carts faster")
    text = owner.get(f"{ISSUES}{house.fail('web@1.0.0')}/").text
    card = text.partition("Suspect commit")[2].partition("</section>")[0]
    for shown in (
        "Make carts faster",
        "Ada Lovelace",
        "acme/web",
        'title="web@1.0.0"',
        "shop/cart.py",
    ):
        assert shown in card, shown


def test_without_a_suspect_there_is_no_word_of_one(house, owner):
    house.publish("web@1.0.0")
    elsewhere = [{"filename": "other.py", "in_app": True}]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": elsewhere}}
    ids = [
        house.fail("web@0.1.0", "no commits"),
        house.fail("web@1.0.0", "elsewhere", exception={"values": [raised]}),
        house.fail("web@1.0.0", "words", exception=None, message="words"),
        house.fail("", "no release", fingerprint=["other"]),
    ]
    assert len(set(ids)) == 4
    for issue_id in ids:
        answer = owner.get(f"{ISSUES}{issue_id}/")
        assert answer.status_code == 200
        assert "Suspect commit" not in answer.text


def test_nothing_that_may_be_secret_is_shown(house, owner):
    issue_id = house.fail("web@1.0.0")
    assert "hunter2" not in owner.get(f"{ISSUES}{issue_id}/").text


def test_the_variables_of_a_frame_are_shown(house, owner):
    variables = {
        "order": {"id": 7, "lines": None}, "name": "'Größe'", "empty": "", "is_new": True,
        "api_key": "hunter2", "settings": {"password": "hunter2"}, "url": "https://a.example/?t=hunter2",
    }  # fmt: skip
    frames = [{"function": "f", "filename": "f.py", "in_app": True, "vars": variables}]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": frames}}
    issue_id = house.fail("web@1.0.0", exception={"values": [raised]})
    text = unescape(owner.get(f"{ISSUES}{issue_id}/").text)
    for name, value in (
        ("order", '{"id": 7, "lines": null}'), ("name", "'Größe'"), ("empty", '""'), ("is_new", "true"),
        ("api_key", "[Filtered]"), ("settings", '{"password": [Filtered]}'), ("url", "https://a.example/"),
    ):  # fmt: skip
        assert f"<dt>{name}</dt><dd>{value}</dd>" in text, name
    assert "hunter2" not in text


def test_a_frame_links_to_its_line_at_the_host_of_its_repository(house, owner):
    house.publish("web@1.0.0")
    issue_id = house.fail("web@1.0.0")
    address = "https://github.com/acme/web/blob/"
    assert address not in owner.get(f"{ISSUES}{issue_id}/").text
    with house.database.transaction() as connection:
        known = repositories.add_named(
            connection,
            house.project.organization_id,
            "acme/web",
            "https://github.com/acme/web",
            now(),
        )
        roots = [("shop/", "services/shop")]
        code_mappings.save(
            connection, house.project.id, known.id, roots, default_branch="main", at=now()
        )
        sha = connection.exec_driver_sql("SELECT key FROM commits").scalar_one()
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert f'href="{address}{sha}/services/shop/cart.py#L41"' in text
    assert text.count(address) == 1, "the frame of the library is not mapped"
    # Of a release without commits the link leads to the branch.
    other = house.fail("web@2.0.0", "something else is None")
    assert f'href="{address}main/services/shop/cart.py#L41"' in owner.get(f"{ISSUES}{other}/").text


def test_a_rule_counts_for_events_from_before_it(house, owner):
    frames = [{"function": "f", "filename": "f.py", "in_app": True, "vars": {"pin": "4711"}}]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": frames}}
    issue_id = house.fail("web@1.0.0", exception={"values": [raised]})
    assert "4711" in owner.get(f"{ISSUES}{issue_id}/").text
    path = "/organizations/acme/settings/projects/web/data/scrubbing/"
    rules = {"scrubbing": "1", "defaults": "1", "sensitive": "pin"}
    assert owner.post(path, data=rules, headers=OWN).status_code == 303
    assert "4711" not in owner.get(f"{ISSUES}{issue_id}/").text


@pytest.mark.parametrize("sent", ["x", ["x"], None, {"": "x"}, {"x" * 600: "y" * 600}])
def test_variables_of_any_shape_are_no_failure(house, owner, sent):
    frames = [{"function": "f", "filename": "f.py", "in_app": True, "vars": sent}]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": frames}}
    issue_id = house.fail("web@1.0.0", exception={"values": [raised]})
    assert owner.get(f"{ISSUES}{issue_id}/").status_code == 200


def test_what_is_hostile_is_shown_as_text(house, owner):
    hostile = "<script>alert(1)</script>"
    frames = [{"function": hostile, "filename": hostile, "context_line": hostile, "in_app": True}]
    frames[0] |= {"vars": {hostile: hostile}}
    raised = {"type": hostile, "value": hostile, "stacktrace": {"frames": frames}}
    issue_id = house.fail("<script>", exception={"values": [raised]}, transaction=hostile)
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6


@pytest.mark.parametrize(
    "payload",
    [
        {"exception": None, "message": "Only words"},
        {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [{"lineno": True}]}}]}},
        {"exception": {"values": [{"type": "E", "stacktrace": {"frames": "x"}}]}},
        {"exception": None, "message": "x", "stacktrace": {"frames": [{"function": "f"}]}},
    ],
)
def test_an_event_of_any_shape_has_a_page(house, owner, payload):
    issue_id = house.fail("web@1.0.0", **payload)
    assert owner.get(f"{ISSUES}{issue_id}/").status_code == 200


@pytest.mark.parametrize("issue", ["999", "x", "-1", "²", "9" * 40, "WEB-2", "NOPE-1", "WEB-"])
def test_an_unknown_issue_is_not_found(house, owner, issue):
    house.fail("web@1.0.0")
    assert owner.get(f"{ISSUES}{issue}/").status_code == 404


def test_a_stranger_does_not_learn_that_it_exists(house, browser):
    issue_id = house.fail("web@1.0.0")
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert browser.get(f"{ISSUES}{issue_id}/").status_code == 404


def test_somebody_without_a_session_is_asked_to_sign_in(browser):
    answer = browser.get(f"{ISSUES}1/")
    assert answer.headers["location"] == "/sign-in/?next=%2Forganizations%2Facme%2Fissues%2F1%2F"


def test_reports_of_users_are_shown(house, owner):
    issue_id = house.fail("web@1.0.0")
    assert "User reports" not in owner.get(f"{ISSUES}{issue_id}/").text
    with house.database.transaction() as connection:
        newest = events.newest_of(connection, issue_id)
        content = {"name": "Jane <Doe>", "email": "jane@example.com", "comments": "It <broke>."}
        report = user_reports.from_item(
            content, project_id=house.project.id, event_id=newest.event_id, received_at=now()
        )
        receive(connection, [report])
    text = owner.get(f"{ISSUES}{issue_id}/").text
    for shown in ("User reports", "Jane &lt;Doe&gt;", "jane@example.com", "It &lt;broke&gt;."):
        assert shown in text, shown
    assert f"?event={newest.event_id}" in text


def test_an_event_that_is_gone_is_said_to_be_so(house, owner):
    issue_id = house.fail("web@1.0.0")
    gone = owner.get(f"{ISSUES}{issue_id}/?event={'f' * 32}").text
    assert "This event is not stored, or not any more. The latest one is shown." in gone
    assert "not any more" not in owner.get(f"{ISSUES}{issue_id}/?event=oldest").text


def test_an_issue_whose_events_are_gone_shows_what_it_counted(house, owner):
    issue_id = house.fail("web@1.0.0")
    with house.database.transaction() as connection:
        connection.execute(delete(events.events))
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert "No event of this issue is stored any more." in text
    assert '<dt>Events</dt><dd class="num">1</dd>' in text


def test_a_report_of_a_browser_says_what_was_blocked(house, owner):
    report = {
        "effective_directive": "img-src",
        "violated_directive": "img-src 'self'",
        "blocked_uri": "https://tracker.example.org/pixel.gif?user=hunter2",
        "document_uri": "https://shop.example.com/checkout",
        "original_policy": "default-src 'none'; img-src 'self'",
        "source_file": "https://shop.example.com/app.js",
        "line_number": 14,
        "script_sample": "<b>alert(1)</b>",
    }
    issue_id = house.fail("web@1.0.0", exception=None, csp=report)
    text = owner.get(f"{ISSUES}{issue_id}/").text
    for shown in (
        "Blocked &#39;image&#39; from &#39;tracker.example.org&#39;",
        "Security report",
        "A browser has reported this.",
        "<dd>https://tracker.example.org/pixel.gif</dd>",
        "<dd>https://shop.example.com/checkout</dd>",
        "<dd>img-src</dd>",
        "<dd>default-src &#39;none&#39;; img-src &#39;self&#39;</dd>",
        "<dd>https://shop.example.com/app.js:14</dd>",
        "&lt;b&gt;alert(1)",
    ):
        assert shown in text, shown
    assert "hunter2" not in text
    host = house.fail("web@1.0.0", exception=None, hpkp={"hostname": "x.example.com", "port": 443})
    text = owner.get(f"{ISSUES}{host}/").text
    assert "<dd>x.example.com</dd>" in text
    assert "Security report" not in owner.get(f"{ISSUES}{house.fail('web@1.0.0')}/").text
