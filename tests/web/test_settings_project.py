"""The pages of a project's settings: profile, teams, commit paths, keys, thresholds, webhook, deletion."""

import re
from datetime import timedelta

import pytest
from page_forms import form_fields, post
from project_settings import PROJECTS, THRESHOLD, THRESHOLDS, WEB

from shipmark.events import accepted_store, discard_store
from shipmark.events.accepted_store import Accepted
from shipmark.events.discards import Discard, Outcome, hour_of
from shipmark.infrastructure.clock import now
from shipmark.organizations import actions as organizations
from shipmark.organizations.model import Role
from shipmark.projects import store

KEYS = f"{WEB}keys/"
WEBHOOK = f"{WEB}webhook/"
DELETE = f"{WEB}delete/"
PAGES = [WEB, KEYS, THRESHOLDS, WEBHOOK, DELETE]


def project(house, slug="web"):
    with house.database.snapshot() as connection:
        return store.by_slug_or_id(connection, house.organization.id, slug)


@pytest.mark.parametrize("path", PAGES)
def test_strangers_see_nothing(house, browser, path):
    assert browser.get(path).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_a_project_of_other_teams_is_not_found_in_a_closed_organization(house, member, path):
    assert member.get(WEB).status_code == 200
    house.close()
    assert member.get(path).status_code == 404
    assert post(member, path, confirmation="web").status_code == 404


@pytest.mark.parametrize("path", [f"{PROJECTS}nothing/", f"{PROJECTS}%00/keys/"])
def test_an_unknown_project_is_not_found(owner, path):
    assert owner.get(path).status_code == 404
    assert post(owner, path, name="x").status_code == 404


def test_a_member_sees_pages_and_no_buttons(member):
    text = member.get(WEB).text + member.get(KEYS).text
    for button in ("Save", "Add team", "Remove", "Delete", "Rename", "Create", "Release webhook"):
        assert button not in text, button
    assert member.get(WEBHOOK).status_code == 403
    assert member.get(DELETE).status_code == 403
    assert post(member, WEB, name="x", slug="x").status_code == 403


def test_name_slug_and_platform_change(house, owner):
    answer = post(owner, WEB, name="Shop <b>", slug="shop", platform=" python-django ")
    assert answer.headers["location"] == f"{PROJECTS}shop/?changed=profile"
    text = owner.get(answer.headers["location"]).text
    assert "Saved the project." in text
    assert "Shop &lt;b&gt;" in text
    changed = project(house, "shop")
    assert (changed.name, changed.platform) == ("Shop <b>", "python-django")
    assert "slug from web to shop" in house.newest_note()


def test_the_age_at_which_issues_are_resolved_is_chosen(house, owner):
    assert '<option value="0" selected>Never</option>' in owner.get(WEB).text
    fields = {"name": "Web", "slug": "web", "platform": ""}
    assert post(owner, WEB, **fields, resolveAge="336").status_code == 303
    assert '<option value="336" selected>After 14 days</option>' in owner.get(WEB).text
    assert "resolveAge from 0 to 336" in house.newest_note()
    assert post(owner, WEB, **fields).status_code == 303
    assert '<option value="336" selected>After 14 days</option>' in owner.get(WEB).text


def test_an_age_that_the_api_has_set_is_a_choice_too(house, owner, member):
    post(owner, WEB, name="Web", slug="web", platform="", resolveAge="36")
    assert '<option value="36" selected>After 36 hours</option>' in owner.get(WEB).text
    assert "<dt>Resolve issues by age</dt><dd>After 36 hours</dd>" in member.get(WEB).text


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"resolveAge": "4321"}, "Select an age."),
        ({"resolveAge": "-1"}, "Select an age."),
        ({"resolveAge": "long"}, "Select an age."),
        ({"name": ""}, "Enter a name of at most 200 characters."),
        ({"name": "x" * 201}, "Enter a name of at most 200 characters."),
        ({"slug": "A"}, "Use lower case letters"),
        ({"slug": "x" * 51}, "Use lower case letters"),
        ({"slug": "teams"}, "The slug “teams” is reserved."),
        ({"slug": "extra"}, "A project with this slug already exists."),
        ({"platform": "p" * 65}, "Enter at most 64 characters."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(house, owner, changes, problem):
    house.extra_project("extra")
    answer = post(owner, WEB, **({"name": "Typed", "slug": "typed", "platform": ""} | changes))
    assert answer.status_code == 400
    assert problem in answer.text
    field = next(iter(changes))
    assert f'aria-describedby="{field}-problem' in answer.text
    assert 'value="typed"' in answer.text or 'value="Typed"' in answer.text
    assert project(house).name == "Web"


def test_commit_paths_are_stored_normalized(house, owner):
    typed = "packages/web\r\n\r\n ./libs//shared/ \r\npackages/web"
    answer = post(owner, f"{WEB}commit-paths/", paths=typed)
    assert "Saved the commit paths." in owner.get(answer.headers["location"]).text
    assert project(house).commit_paths == ("packages/web", "libs/shared")
    assert "commitPaths" in house.newest_note()
    assert "packages/web\nlibs/shared</textarea>" in owner.get(WEB).text


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("packages/*", "is a pattern"),
        ("a\\b", "has a backslash"),
        ("../x", "is not a path from the root"),
        ("\n".join(f"p{number}" for number in range(101)), "Enter at most 100 folders."),
    ],
)
def test_paths_that_cannot_be_taken(house, owner, typed, problem):
    answer = post(owner, f"{WEB}commit-paths/", paths=typed)
    assert answer.status_code == 400
    assert problem in answer.text
    assert f"{typed.splitlines()[0]}" in answer.text
    assert project(house).commit_paths == ()


def test_fingerprint_rules_are_stored(house, owner):
    answer = post(owner, f"{WEB}grouping/", rules="# db\r\nerror.type:OSError -> db\r\n")
    assert "Saved the fingerprint rules." in owner.get(answer.headers["location"]).text
    assert "# db\nerror.type:OSError -&gt; db</textarea>" in owner.get(WEB).text
    assert "fingerprintingRules" in house.newest_note()


def test_a_line_that_is_no_rule_is_named_and_stays_typed(house, owner):
    answer = post(owner, f"{WEB}grouping/", rules="level:error -> x\ncolour:red -> y")
    assert answer.status_code == 400
    assert "Line 2: unknown matcher &#34;colour&#34;." in answer.text
    assert "colour:red -&gt; y</textarea>" in answer.text
    assert "colour" not in owner.get(WEB).text


def test_teams_are_added_and_removed(house, owner):
    with house.database.transaction() as connection:
        organizations.create_team(connection, house.organization, "other", "Other", now())
    assert post(owner, f"{WEB}teams/", action="add", team="other").headers["location"] == WEB
    assert post(owner, f"{WEB}teams/", action="remove", team="crew").status_code == 303
    with house.database.snapshot() as connection:
        teams = store.teams_of(connection, [house.project.id])[house.project.id]
    assert [team.slug for team in teams] == ["other"]
    assert post(owner, f"{WEB}teams/", action="add", team="nothing").status_code == 404


def test_who_removes_their_own_team_returns_to_the_list(house, browser):
    house.close()
    house.sign_in(browser, house.person("adam@example.com", Role.ADMIN, teams=("crew",)))
    answer = post(browser, f"{WEB}teams/", action="remove", team="crew")
    assert answer.headers["location"] == PROJECTS
    assert browser.get(WEB).status_code == 404


def test_the_address_of_the_webhook_works_until_it_is_replaced(owner, browser):
    assert "No URL yet" in owner.get(WEBHOOK).text
    for _ in range(2):
        answer = post(owner, WEBHOOK)
        text = owner.get(answer.headers["location"]).text
        assert "Made a new URL." in text
        path = re.search(r"(/api/hooks/release/builtin/\d+/[0-9a-f]+/)</code>", text)[1]
        assert owner.get(WEBHOOK).text.count(path) >= 2
        assert browser.post(path, json={"version": "web@1.0.0"}).status_code in {201, 208}
        former, path = path, ""
    post(owner, WEBHOOK)
    assert browser.post(former, json={"version": "web@2.0.0"}).status_code == 403


def test_a_project_is_deleted_by_its_slug_only(house, owner):
    assert "an operator can restore it" in owner.get(DELETE).text
    answer = post(owner, DELETE, confirmation="Web")
    assert answer.status_code == 400
    assert "Type web to delete the project." in answer.text
    assert post(owner, DELETE, confirmation=" web ").headers["location"] == PROJECTS
    assert project(house) is None
    assert "removed project web" in house.newest_note()


@pytest.mark.parametrize("path", [WEB, KEYS, THRESHOLDS])
def test_pages_take_the_same_statements_for_any_number_of_rows(house, owner, statements, path):
    post(owner, THRESHOLDS, **THRESHOLD)
    owner.get(path)
    statements.clear()
    owner.get(path)
    few = len(statements)
    for number in range(4):
        post(owner, KEYS, name=f"k{number}")
        post(owner, THRESHOLDS, **THRESHOLD)
        house.extra_project(f"p{number}")
        with house.database.transaction() as connection:
            team = organizations.create_team(
                connection, house.organization, f"t{number}", "T", now()
            )
            store.add_owner(connection, house.project.id, team.id)
    statements.clear()
    owner.get(path)
    assert len(statements) == few


def test_what_was_not_stored_is_shown(house, owner):
    assert "Received in the last 30 days" not in owner.get(WEB).text
    hour = hour_of(now())
    discarded = [
        Discard(hour=at, outcome=outcome, reason=reason, category="error", quantity=1500)
        for at, outcome, reason in (
            (hour, Outcome.CLIENT_DISCARD, "sample_rate"),
            (hour - timedelta(days=9), Outcome.FILTERED, "localhost"),
            (hour - timedelta(days=31), Outcome.FILTERED, "web-crawlers"),
        )
    ]
    with house.database.transaction() as connection:
        for at in (hour, hour - timedelta(days=31)):
            numbers = {"error": 6999, "security": 1, "session": 300, "attachment": 20}
            stored = [
                Accepted(project_id=house.project.id, hour=at, category=category, quantity=number)
                for category, number in numbers.items()
            ]
            accepted_store.count(connection, stored)
    text = owner.get(WEB).text
    assert "7,000 events were stored. Everything that came in was stored." in text
    with house.database.transaction() as connection:
        discard_store.count(connection, [(house.project.id, each) for each in discarded])
    text = owner.get(WEB).text
    for shown in (
        "Received in the last 30 days",
        "7,000 events were stored, and this was not:",
        "sample_rate",
        "localhost",
        "SDK",
        "1,500",
    ):
        assert shown in text, shown
    assert "web-crawlers" not in text


def test_a_project_gets_criteria_of_its_own_and_loses_them(house, owner, member):
    assert 'value="20%,0.1pp"' in owner.get(WEB).text
    sent = {"margin": "30%,1pp", "tolerance": "60%,2pp", "soak": "2h", "crash_free_sessions": "1"}
    sent |= {"ripe": "5m", "alpha": "0.02", "beta": "0.1", "leastBase": "500", "leastBad": "7"}
    answer = post(owner, f"{WEB}verdicts/", **sent)
    text = owner.get(answer.headers["location"]).text
    assert "Saved the criteria." in text
    values = [value for name, value in sent.items() if name != "crash_free_sessions"]
    for shown in [f'value="{value}"' for value in values]:
        assert shown in text
    assert re.findall(r'name="(\w+)" value="1" checked', text) == ["crash_free_sessions"]
    assert "verdictCriteria" in house.newest_note()
    assert "<dd>30%,1pp</dd>" in member.get(WEB).text
    assert post(member, f"{WEB}verdicts/", **sent).status_code == 403
    every = {"crash_free_sessions": "1", "crash_free_users": "1", "new_issues": "1"}
    post(owner, f"{WEB}verdicts/", margin="", tolerance="", soak="", **every)
    assert "<dd>20%,0.1pp</dd>" in member.get(WEB).text


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"margin": "x", "new_issues": "1"}, "Give a share of the base"),
        ({"soak": "1y", "new_issues": "1"}, "Give a number of seconds"),
        ({"alpha": "2", "new_issues": "1"}, "Give a chance between"),
        ({"leastBad": "0", "new_issues": "1"}, "Give a whole number"),
        ({"margin": "30%,1pp"}, "Select one or more."),
    ],
)
def test_criteria_that_cannot_be_read_stay_typed(house, owner, sent, sentence):
    answer = post(owner, f"{WEB}verdicts/", **sent)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert f'value="{next(iter(sent.values()))}"' in answer.text
    assert 'value="20%,0.1pp"' in owner.get(WEB).text


def rename(client, slug="site"):
    assert post(client, WEB, name="Web", slug=slug).status_code == 303


@pytest.mark.parametrize("path", [*PAGES, f"{WEB}data/", f"{WEB}code-mappings/"])
def test_a_page_of_a_former_slug_leads_to_the_current_one(owner, path):
    rename(owner)
    answer = owner.get(f"{path}?page=1")
    there = f"{path.replace(WEB, f'{PROJECTS}site/')}?page=1"
    assert (answer.status_code, answer.headers["location"]) == (307, there)
    assert owner.get(there).status_code == 200


def test_a_form_that_was_shown_before_a_rename_is_saved(house, owner):
    rename(owner)
    owner.follow_redirects = True
    answer = post(owner, f"{WEB}commit-paths/", paths="packages/web")
    assert answer.url.path == f"{PROJECTS}site/"
    assert project(house, "site").commit_paths == ("packages/web",)


def test_a_profile_that_was_shown_before_a_rename_names_the_new_slug(house, owner):
    shown = form_fields(owner.get(WEB).text, WEB, "name")
    rename(owner)
    owner.follow_redirects = True
    refused = post(owner, WEB, **shown | {"name": "Shop"})
    assert refused.status_code == 409
    again = form_fields(refused.text, f"{PROJECTS}site/", "name")
    assert (again["name"], again["slug"]) == ("Shop", "site")


def test_a_former_slug_leads_only_those_who_see_the_project(house, owner, member):
    rename(owner)
    assert member.get(WEB).status_code == 307
    house.close()
    assert member.get(WEB).status_code == 404
    assert post(member, f"{WEB}commit-paths/", paths="").status_code == 404
    assert member.get(f"{PROJECTS}we%00b/").status_code == 404
