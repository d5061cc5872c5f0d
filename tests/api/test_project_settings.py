"""Projects: lists, details, settings, former slugs, making them (auth-and-errors.md 4, 8.4)."""

from typing import Any

import pytest
from factories import (
    ADDRESS,
    BOB,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    counts,
    error_event,
    on_one_database,
    send_event,
    statements,
)

from shipmark.infrastructure.database import Database

WEB = "/projects/acme/web/"
PROJECTS = "/organizations/acme/projects/"
CORE = "/teams/acme/core/projects/"
NO_MATCH = ["This value does not match the required pattern."]
TAKEN = "A project with this slug already exists."


def slugs(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [it["slug"] for it in answer.json()]


def test_a_project_shows_its_settings(alice: Caller) -> None:
    shown = alice.get(WEB).json()
    expected = {
        "resolveAge": 0,
        "defaultEnvironment": None,
        "scrapeJavaScript": True,
        "dataScrubber": True,
        "dataScrubberDefaults": True,
        "scrubIPAddresses": False,
        "sensitiveFields": [],
        "safeFields": [],
        "fingerprintingRules": "",
        "storeCrashReports": None,
        "subjectPrefix": "",
        "allowedDomains": ["*"],
        "verifySSL": False,
        "securityToken": "",
        "securityTokenHeader": None,
        "digestsMinDelay": 300,
        "digestsMaxDelay": 1800,
        "relayPiiConfig": None,
        "plugins": [],
    }
    assert expected.items() <= shown.items()
    assert shown["organization"]["slug"] == "acme"
    assert shown["color"].startswith("#")


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("name", " Web 2 ", "Web 2"),
        ("platform", "python", "python"),
        ("platform", "", None),
        ("platform", None, None),
        ("resolveAge", 24, 24),
        ("resolveAge", "168", 168),
        ("resolveAge", 720, 720),
        ("resolveAge", 4320, 4320),
        ("defaultEnvironment", "production", "production"),
        ("defaultEnvironment", None, None),
        ("scrapeJavaScript", False, False),
        ("dataScrubber", "off", False),
        ("scrubIPAddresses", 1, True),
        ("verifySSL", True, True),
        ("sensitiveFields", ["a", "b"], ["a", "b"]),
        ("safeFields", [], []),
        ("fingerprintingRules", "level:error -> x", "level:error -> x"),
        ("fingerprintingRules", None, ""),
        ("storeCrashReports", -1, -1),
        ("storeCrashReports", None, None),
        ("subjectPrefix", "[web]", "[web]"),
        ("subjectPrefix", None, ""),
        ("allowedDomains", ["example.com"], ["example.com"]),
        ("securityToken", "words", "words"),
        ("securityTokenHeader", "X-Token", "X-Token"),
        ("digestsMinDelay", 60, 60),
        ("relayPiiConfig", "{}", "{}"),
    ],
)
@on_one_database
def test_a_setting_is_kept(alice: Caller, name: str, sent: object, kept: object) -> None:
    before = alice.get(WEB).json()
    answer = alice.put(WEB, {name: sent})
    assert (answer.status_code, answer.json()) == (200, before | {name: kept})
    assert alice.get(WEB).json() == answer.json()


@pytest.mark.parametrize(
    ("name", "sent", "messages"),
    [
        ("name", "", ["This field may not be blank."]),
        ("name", None, ["This field may not be null."]),
        ("name", "n" * 201, ["Ensure this field has no more than 200 characters."]),
        ("slug", "A B", NO_MATCH),
        ("slug", "UPPER", NO_MATCH),
        ("slug", "42", NO_MATCH),
        ("slug", "s" * 51, ["Ensure this field has no more than 50 characters."]),
        ("slug", "settings", ['The slug "settings" is reserved and not allowed.']),
        ("slug", "mobile", [TAKEN]),
        ("platform", "p" * 65, ["Ensure this field has no more than 64 characters."]),
        ("resolveAge", -1, ["Ensure this value is greater than or equal to 0."]),
        ("resolveAge", 4321, ["Ensure this value is less than or equal to 4320."]),
        ("resolveAge", None, ["This field may not be null."]),
        ("verifySSL", "x", ["Must be a valid boolean."]),
        ("sensitiveFields", [""], ["This field may not be blank."]),
        ("allowedDomains", "*", ['Expected a list of items but got type "str".']),
        ("storeCrashReports", 101, ["Ensure this value is less than or equal to 100."]),
        ("digestsMaxDelay", 59, ["Ensure this value is greater than or equal to 60."]),
        ("subjectPrefix", "s" * 201, ["Ensure this field has no more than 200 characters."]),
        ("securityToken", [], ["Not a valid string."]),
    ],
)
@on_one_database
def test_what_can_not_be_meant_is_refused_and_changes_nothing(
    alice: Caller, database: Database, name: str, sent: object, messages: list[str]
) -> None:
    before, known = alice.get(WEB).json(), counts(database)
    answer = alice.put(WEB, {"verifySSL": True, "resolveAge": 7} | {name: sent})
    assert (answer.status_code, answer.json()) == (400, {name: messages})
    assert (alice.get(WEB).json(), counts(database)) == (before, known)


def test_a_former_slug_leads_to_the_project(alice: Caller, world: World) -> None:
    assert alice.put(WEB, {"slug": "site"}).json()["slug"] == "site"
    answer = alice.get(f"{WEB}?a=1&b=%20")
    url = "/api/0/projects/acme/site/?a=1&b=%20"
    assert (answer.status_code, answer.headers["location"]) == (302, url)
    assert answer.json() == {
        "slug": "site",
        "detail": {
            "code": "resource-moved",
            "message": "Resource has been moved",
            "extra": {"url": url, "slug": "site"},
        },
    }
    assert alice.get("/projects/acme/site/").json()["id"] == str(world.projects["web"])


def test_all_that_is_below_a_project_moves_too(alice: Caller) -> None:
    alice.publish("web", "web")
    alice.put(WEB, {"slug": "site"})
    for path, there in (
        ("releases/web/", "/api/0/projects/acme/site/releases/web/"),
        ("keys/", "/api/0/projects/acme/site/keys/"),
    ):
        answer = alice.get(WEB + path)
        assert (answer.status_code, answer.headers["location"]) == (302, there)
    answer = alice.put(WEB, {"name": "x"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/api/0/projects/acme/site/")


def test_slugs_move_on(alice: Caller, world: World) -> None:
    web, mobile = str(world.projects["web"]), str(world.projects["mobile"])
    alice.put(WEB, {"slug": "one"})
    alice.put("/projects/acme/one/", {"slug": "two"})
    for old in ("web", "one"):
        assert alice.get(f"/projects/acme/{old}/").headers["location"].endswith("/two/")
    # A slug is another project's as soon as it has it, and then leads nowhere else.
    assert alice.put("/projects/acme/mobile/", {"slug": "web"}).json()["id"] == mobile
    assert alice.get(WEB).json()["id"] == mobile
    # And it may have its own back.
    assert alice.put("/projects/acme/two/", {"slug": "one"}).json()["id"] == web
    assert alice.get("/projects/acme/one/").json()["id"] == web
    assert alice.get("/projects/acme/two/").headers["location"].endswith("/one/")


def test_a_former_slug_tells_strangers_nothing(
    alice: Caller, bob: Caller, charlie: Caller, anonymous: Caller
) -> None:
    alice.put("/projects/acme/tools/", {"slug": "kit"})
    alice.put("/organizations/acme/", {"openMembership": False})
    path = "/projects/acme/tools/"
    assert anonymous.get(path).status_code == 401
    for caller in (charlie, bob):
        assert (caller.get(path).status_code, caller.get(path).json()) == (403, NOT_ALLOWED)
    assert charlie.get("/projects/globex/tools/").json() == NOT_FOUND


@on_one_database
def test_who_may_change_a_project(
    anonymous: Caller, bob: Caller, charlie: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    assert anonymous.put(WEB, {}).status_code == 401
    few = bearer(["project:read", "project:releases"])
    for caller in (bob, charlie, organization_token, few):
        answer = caller.put(WEB, {"name": ""})
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert bearer(["project:write"]).put(WEB, {"name": "x"}).status_code == 200
    assert few.put("/projects/acme/nothing/", {}).status_code == 403


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"name": "Shop"}, "shop"),
        ({"name": "Shop", "slug": "my_shop"}, "my_shop"),
        ({"name": "My Shop!", "platform": "python"}, "my-shop"),
        ({"name": "42"}, "42-x"),
    ],
)
@on_one_database
def test_a_project_is_made_with_a_key(alice: Caller, body: dict[str, str], slug: str) -> None:
    answer = alice.post(CORE, body)
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["slug"], shown["name"]) == (slug, body["name"])
    assert (shown["platform"], shown["team"]["slug"]) == (body.get("platform"), "core")
    (key,) = alice.get(f"/projects/acme/{slug}/keys/").json()
    assert (key["name"], key["isActive"]) == ("Default", True)
    event = error_event(release="1")
    send_event(alice.client, key["public"], int(shown["id"]), event)
    alice.publish("shop@1", slug)


@pytest.mark.parametrize("name", ["Web", "Settings", "日本"])
@on_one_database
def test_a_name_whose_slug_is_taken_gets_another(alice: Caller, name: str) -> None:
    shown = alice.post(CORE, {"name": name}).json()
    assert shown["name"] == name
    assert shown["slug"] not in {"web", "settings", ""}
    assert alice.get(f"/projects/acme/{shown['slug']}/").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "problems"),
    [
        ({}, 400, {"name": ["This field is required."]}),
        ({"name": ""}, 400, {"name": ["This field may not be blank."]}),
        ({"name": "x", "slug": "A"}, 400, {"slug": NO_MATCH}),
        ({"name": "x", "slug": "web"}, 409, {"detail": TAKEN}),
        ({"name": "x", "platform": []}, 400, {"platform": ["Not a valid string."]}),
    ],
)
@on_one_database
def test_a_project_that_can_not_be_is_refused(
    alice: Caller, database: Database, body: object, status: int, problems: object
) -> None:
    before = counts(database)
    answer = alice.post(CORE, body)
    assert (answer.status_code, answer.json()) == (status, problems)
    assert counts(database) == before


@on_one_database
def test_who_may_make_a_project(bob: Caller, charlie: Caller, organization_token: Caller) -> None:
    for caller in (bob, charlie, organization_token):
        assert caller.post(CORE, {"name": "x"}).json() == NOT_ALLOWED


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("query=OB", ["mobile"]),
        ("query=slug:web", ["web"]),
        ("query=slug:web%20slug:tools", ["tools", "web"]),
        ("query=id:2", ["mobile"]),
        ("query=team:core", ["mobile", "web"]),
        ("query=!team:core", ["tools"]),
        ("query=!team:other", ["mobile", "tools", "web"]),
        ("query=is_member:1%20web", ["web"]),
        ("query=platform:python", []),
        ("query=colour:red", []),
        ("all_projects=1&per_page=1", ["mobile", "tools", "web"]),
        ("statsPeriod=24h", ["mobile", "tools", "web"]),
        ("statsPeriod=", ["mobile", "tools", "web"]),
    ],
)
@on_one_database
def test_projects_are_looked_for(bob: Caller, query: str, found: list[str]) -> None:
    assert slugs(bob.get(f"{PROJECTS}?{query}")) == found


@on_one_database
def test_a_period_that_is_not_offered_is_refused(bob: Caller) -> None:
    answer = bob.get(f"{PROJECTS}?statsPeriod=1y")
    assert answer.status_code == 400
    assert "stats_period" in answer.json()["error"]["params"]


def test_the_projects_of_all_organizations_are_listed(
    alice: Caller, charlie: Caller, bob: Caller, organization_token: Caller
) -> None:
    shown = alice.get("/projects/")
    assert slugs(shown) == ["mobile", "tools", "web"]
    organization = shown.json()[0]["organization"]
    assert (organization["slug"], organization["links"]["regionUrl"]) == ("acme", ADDRESS)
    assert [it["organization"]["slug"] for it in charlie.get("/projects/").json()] == ["globex"]
    alice.put("/organizations/acme/", {"openMembership": False})
    assert slugs(bob.get("/projects/")) == ["mobile", "web"]
    assert slugs(alice.get("/projects/")) == ["mobile", "tools", "web"]
    assert organization_token.get("/projects/").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("query=mob", ["mobile"]),
        ("query=name:WEB", ["web"]),
        ("query=team:core", []),
        ("status=active", ["mobile", "tools", "web"]),
        ("status=deleted", []),
        ("per_page=2", ["mobile", "tools"]),
        ("per_page=2&cursor=2:1:0", ["web"]),
    ],
)
@on_one_database
def test_ones_own_projects_are_looked_for(alice: Caller, query: str, found: list[str]) -> None:
    assert slugs(alice.get(f"/projects/?{query}")) == found


def test_ones_own_projects_are_found_by_their_keys(
    alice: Caller, bob: Caller, charlie: Caller, world: World
) -> None:
    web, mobile = world.keys["web"], world.keys["mobile"]
    assert slugs(bob.get(f"/projects/?query=dsn:{web}")) == ["web"]
    assert slugs(bob.get(f"/projects/?query=dsn:{web}%20dsn:{mobile}")) == ["mobile", "web"]
    assert slugs(bob.get(f"/projects/?query=dsn:{web}%20mobile")) == []
    assert slugs(bob.get("/projects/?query=dsn:x")) == []
    assert slugs(charlie.get(f"/projects/?query=dsn:{web}")) == []


def test_the_teams_of_a_project_are_listed_by_name(alice: Caller, bob: Caller) -> None:
    (team,) = bob.get(f"{WEB}teams/").json()
    assert (team["slug"], team["isMember"], team["memberCount"]) == ("core", True, 1)
    assert alice.get("/projects/acme/tools/teams/").json() == []
    assert alice.get("/projects/acme/nothing/teams/").json() == NOT_FOUND


@on_one_database
def test_more_projects_take_no_more_statements(alice: Caller, database: Database) -> None:
    paths = (PROJECTS, "/projects/", f"{PROJECTS}?query=team:core")
    numbers = []
    for _ in range(2):
        found = []
        for path in paths:
            alice.get(path)
            with statements(database) as sent:
                alice.get(path)
            found.append(sent.count)
        numbers.append(found)
        for number in range(4):
            alice.post(CORE, {"name": f"Project {number}"})
    assert numbers[0] == numbers[1]
    assert BOB


def test_a_rule_that_is_none_is_refused_by_its_line(alice: Caller) -> None:
    answer = alice.put(WEB, {"fingerprintingRules": "level:error -> x\ncolour:red -> y"})
    assert answer.status_code == 400
    assert answer.json() == {"fingerprintingRules": ['Line 2: unknown matcher "colour".']}
    assert alice.get(WEB).json()["fingerprintingRules"] == ""


def test_events_are_grouped_by_the_rules(alice: Caller, world: World) -> None:
    rules = 'error.type:ValueError -> {{ tags.region }}, title="Trouble in {{ tags.region }}"'
    alice.put(WEB, {"fingerprintingRules": rules})
    for value, region in (("a", "eu"), ("b", "eu"), ("c", "us")):
        event = error_event(value, tags={"region": region})
        send_event(alice.client, world.keys["web"], world.projects["web"], event)
    shown = alice.get("/organizations/acme/issues/?query=").json()
    assert {(issue["title"], issue["count"]) for issue in shown} == {
        ("Trouble in eu", "2"),
        ("Trouble in us", "1"),
    }
    latest = alice.get(f"/issues/{shown[0]['id']}/events/latest/").json()
    assert latest["title"] == shown[0]["title"]
