"""Forms whose values were changed after they were shown: nothing is replaced without a word."""

from html import unescape

import pytest
from page_forms import form_fields

from shipmark.web.form_versions import checksums

SETTINGS = "/organizations/acme/settings/"
PROJECT = f"{SETTINGS}projects/web/"
ISSUE = "/organizations/acme/issues/WEB-1/"
RELEASE = "/organizations/acme/releases/web%401.0.0/"
OWN = {"Sec-Fetch-Site": "same-origin"}
NOTE = "Not saved: what you are changing was changed meanwhile"

#: Each form: its page, its action, what a press of its button sends, and a field with two values.
FORMS = {
    "organization": (f"{SETTINGS}general/", "", {}, "name", "First", "Second"),
    "shared scrubbing": (f"{SETTINGS}data/", "", {}, "sensitive", "one", "two"),
    "team": (f"{SETTINGS}teams/acme/", "", {}, "name", "First", "Second"),
    "project": (PROJECT, "", {}, "name", "First", "Second"),
    "commit paths": (PROJECT, "commit-paths/", {}, "paths", "src/one", "src/two"),
    "rules": (PROJECT, "grouping/", {}, "rules", "message:a -> one", "message:b -> two"),
    "rate limit": (PROJECT, "rate-limit/", {}, "count", "100", "200"),
    "criteria": (PROJECT, "verdicts/", {}, "leastBad", "5", "7"),
    "scrubbing": (f"{PROJECT}data/", "scrubbing/", {}, "safe", "one", "two"),
    "filters": (f"{PROJECT}data/", "filters/", {}, "releases", "web@1.*", "web@2.*"),
    "key": (f"{PROJECT}keys/", "{key}/", {"action": "rename"}, "name", "First", "Second"),
    "limit of a key": (f"{PROJECT}keys/", "{key}/", {"action": "limit"}, "count", "10", "20"),
    "threshold": (f"{PROJECT}thresholds/1/", "", {}, "value", "11", "22"),
    "repository": (f"{SETTINGS}repositories/1/", "", {"action": "edit"}, "name", "a/b", "a/c"),
    "remote": (
        f"{SETTINGS}repositories/1/",
        "",
        {"action": "set-remote"},
        "remote",
        "https://example.com/a.git",
        "https://example.com/b.git",
    ),
    "release": (f"{RELEASE}edit/", "", {}, "ref", "first", "second"),
    "comment": (ISSUE, "comments/1/", {"action": "save"}, "text", "First", "Second"),
}


@pytest.fixture(autouse=True)
def _things(house, owner):
    house.publish("web@1.0.0", ref="main")
    house.fail("web@1.0.0")
    post(owner, f"{SETTINGS}teams/", {"name": "Acme"})
    limit = {"type": "new_issue_count", "trigger": "over", "value": "3", "window": "1"}
    post(owner, f"{PROJECT}thresholds/", limit | {"unit": "3600", "environment": ""})
    post(owner, f"{ISSUE}comments/", {"text": "It is known."})


def post(client, path, data):
    return client.post(path, data=data, headers=OWN)


@pytest.fixture(params=FORMS)
def form(request, house, owner):
    """The address of a form, what it shows, what its button sends, and a field with two values."""
    page, path, button, field, first, second = FORMS[request.param]
    action = page + path.format(key=_key(house))
    return page, action, button, field, first, second


def _key(house):
    with house.database.snapshot() as connection:
        return connection.exec_driver_sql("SELECT public_key FROM project_keys").scalar_one()


def test_the_second_save_of_two_tabs_shows_what_the_first_stored(owner, form):
    page, action, button, field, first, second = form
    shown = form_fields(owner.get(page).text, action, field)
    assert post(owner, action, shown | button | {field: first}).status_code == 303
    refused = post(owner, action, shown | button | {field: second})
    assert refused.status_code == 409
    assert f"replaces this value with your entry:\n{first}<" in unescape(refused.text)
    assert first in form_fields(owner.get(page).text, action, field)[field], "is still stored"
    again = form_fields(refused.text, action, field)
    assert again[field] == second, "what was typed is kept"
    assert post(owner, action, again | button).status_code == 303
    assert form_fields(owner.get(page).text, action, field)[field] == second


def test_a_form_that_was_saved_twice_with_the_same_value_is_saved(owner, form):
    page, action, button, field, first, _ = form
    shown = form_fields(owner.get(page).text, action, field)
    for _ in range(2):
        assert post(owner, action, shown | button | {field: first}).status_code == 303


def test_what_a_user_had_not_touched_shows_the_new_value(owner):
    page = f"{SETTINGS}general/"
    shown = form_fields(owner.get(page).text, page, "name")
    others = shown | {"open_membership": "", "name": "Of another"}
    del others["open_membership"]
    assert post(owner, page, others).status_code == 303
    refused = post(owner, page, shown | {"slug": "acme-2"})
    assert NOTE in refused.text
    assert refused.text.count("Changed meanwhile: this is the value now.") == 2
    again = form_fields(refused.text, page, "name")
    assert (again["name"], again["slug"]) == ("Of another", "acme-2")
    assert "open_membership" not in again
    assert (
        post(owner, page, again).headers["location"].startswith("/organizations/acme-2/settings/")
    )


@pytest.mark.parametrize(
    ("page", "action", "field", "first", "second", "named"),
    [
        (PROJECT, "", "resolveAge", "24", "48", "After 1 day"),
        (PROJECT, "rate-limit/", "window", "3600", "60", "hour"),
        (f"{SETTINGS}general/", "", "debug_files", "admin", "owner", "Admin or above"),
        (f"{PROJECT}thresholds/1/", "", "trigger", "under", "over", "less than"),
        (f"{PROJECT}thresholds/1/", "", "type", "total_error_count", "failure_rate", "Errors"),
        (f"{PROJECT}thresholds/1/", "", "unit", "60", "86400", "minutes"),
    ],
)
def test_a_choice_that_was_changed_is_named(owner, page, action, field, first, second, named):
    post(owner, f"{PROJECT}rate-limit/", {"count": "5", "window": "300"})
    shown = form_fields(owner.get(page).text, page + action, field)
    # What was shown is none of both, or the later save would find the value that it replaces.
    shown |= {"shown": checksums({field: "another"}), field: first}
    assert post(owner, page + action, shown | {"shown": ""}).status_code == 303
    refused = post(owner, page + action, shown | {field: second})
    assert f"your entry:\n{named}</span>" in refused.text


def test_another_form_of_the_page_does_not_matter(owner):
    shown = form_fields(owner.get(PROJECT).text, f"{PROJECT}commit-paths/", "paths")
    post(owner, f"{PROJECT}grouping/", {"rules": "message:a -> one"})
    assert post(owner, f"{PROJECT}commit-paths/", shown | {"paths": "src"}).status_code == 303


@pytest.mark.parametrize("shown", ["", "name", "name= =x nothing=1", "é" * 3000])
def test_a_form_that_says_nothing_useful_of_what_it_showed_is_no_fault(owner, shown):
    answer = post(owner, f"{SETTINGS}teams/acme/", {"name": "N", "slug": "acme", "shown": shown})
    assert answer.status_code in {303, 409}


def test_line_breaks_and_spaces_around_are_no_change():
    assert checksums({"a": "x\ny"}) == checksums({"a": " x\r\ny\r\n"}) != checksums({"a": "x y"})
