"""Issues are searched by their own texts, by id, and by project (groups-api.md 2.3)."""

import pytest
from factories import Caller, World, error_event, on_one_database, send_event, statements

from shipmark.infrastructure.database import Database
from shipmark.releases.search import BOOLEAN

ISSUES = "/organizations/acme/issues/"


@pytest.fixture(autouse=True)
def _seen(alice: Caller, world: World) -> None:
    frames = [{"filename": "cart/add_item.py", "function": "add", "in_app": True}]
    raised = {"type": "KeyError", "value": 'No "type": "Lost" at 100%'}
    events = (
        ("web", {"exception": {"values": [raised | {"stacktrace": {"frames": frames}}]}}),
        ("web", {"platform": "javascript", "transaction": "/cart", "level": "warning"}),
        ("mobile", {"exception": None, "message": "Disk is full", "platform": None}),
    )
    for number, (slug, more) in enumerate(events):
        payload = error_event(str(number)) | more
        send_event(alice.client, world.keys[slug], world.projects[slug], payload)


def found(caller: Caller, query: str, path: str = ISSUES) -> set[str]:
    answer = caller.get(path, params={"query": query})
    assert answer.status_code == 200, answer.text
    return {issue["shortId"] for issue in answer.json()}


ALL = {"WEB-1", "WEB-2", "MOBILE-1"}


@pytest.mark.parametrize(
    ("query", "issues"),
    [
        ("platform:python", {"WEB-1"}),
        ("platform.name:[python, javascript]", {"WEB-1", "WEB-2"}),
        ("!platform:python", {"WEB-2", "MOBILE-1"}),
        ("platform:Python", set()),
        ("level:[warning, fatal]", {"WEB-2"}),
        ("error.type:KeyError", {"WEB-1"}),
        ("error.type:[KeyError, TypeError]", {"WEB-1"}),
        ("error.type:keyerror", set()),
        ("error.type:Key", set()),
        ("error.type:Lost", set()),
        ("!error.type:KeyError", {"WEB-2", "MOBILE-1"}),
        ('error.type:""', {"MOBILE-1"}),
        ('!error.type:""', {"WEB-1", "WEB-2"}),
        ("type:error", {"WEB-1", "WEB-2"}),
        ("event.type:default", {"MOBILE-1"}),
        ('title:"Disk is full"', {"MOBILE-1"}),
        ("title:Disk", set()),
        ("title:disk*FULL", {"MOBILE-1"}),
        ("title:*100%", {"WEB-1"}),
        ("title:*1%0*", set()),
        ("message:disk", {"MOBILE-1"}),
        ("!message:disk", {"WEB-1", "WEB-2"}),
        ("message:is*full", {"MOBILE-1"}),
        ("is*FULL", {"MOBILE-1"}),
        ("platform:other disk*", {"MOBILE-1"}),
        ("full*disk", set()),
        ("culprit:/cart", {"WEB-2"}),
        ("location:cart/add_item.py", {"WEB-1"}),
        ("location:cart/add?item.py", set()),
        ("location:cart/add_*.py", {"WEB-1"}),
        ('location:""', {"WEB-2", "MOBILE-1"}),
        ("issue.category:error", ALL),
        ("issue.type:[error, performance_n_plus_one_db_queries]", ALL),
        ("issue.category:performance", set()),
        ("!issue.category:error", set()),
        ("!issue.category:feedback", ALL),
        ("issue:WEB-1", {"WEB-1"}),
        ("issue:[web-1, MOBILE-1, WEB-Z]", {"WEB-1", "MOBILE-1"}),
        ("!issue:WEB-1", {"WEB-2", "MOBILE-1"}),
        ("issue:WEB-1 !issue:WEB-1", set()),
        ("issue:WEB-1 issue:WEB-2", set()),
        ("issue.id:1", {"WEB-1"}),
        ("!issue.id:[1, 2]", {"MOBILE-1"}),
        ("project:web", {"WEB-1", "WEB-2"}),
        ("project:[web, mobile]", ALL),
        ("!project:web", {"MOBILE-1"}),
        ("project.id:1", {"WEB-1", "WEB-2"}),
        ("project:web platform:python level:error", {"WEB-1"}),
        ("title:“Disk is full”", {"MOBILE-1"}),
        ("project:nowhere", set()),
        ("!project:nowhere", ALL),
    ],
)
def test_terms_find_issues(alice: Caller, query: str, issues: set[str]) -> None:
    assert found(alice, query) == issues


@pytest.mark.parametrize(
    "query",
    [
        "Rack::Timeout",
        "timeout::request",
        "rack::timeout::",
        "message:Rack::Timeout",
        "Rack::Timeout* took",
        "Rack::Timeout level:error",
    ],
)
def test_names_of_classes_are_text(alice: Caller, world: World, query: str) -> None:
    raised = {"values": [{"type": "Rack::Timeout::RequestError", "value": "took 15 s"}]}
    payload = error_event("class") | {"exception": raised}
    send_event(alice.client, world.keys["web"], world.projects["web"], payload)
    assert found(alice, query) == {"WEB-3"}


@pytest.mark.parametrize("query", ["title:größe*", "title:GRÖßE*", "message:GRÖßE", "größe"])
def test_letters_of_all_alphabets_match_in_any_case(
    alice: Caller, world: World, query: str
) -> None:
    payload = error_event("7") | {"exception": None, "message": "Größe unknown"}
    send_event(alice.client, world.keys["web"], world.projects["web"], payload)
    assert found(alice, query) == {"WEB-3"}


def test_lists_of_a_project_find_its_issues_only(alice: Caller) -> None:
    path = "/projects/acme/web/issues/"
    assert found(alice, "issue:MOBILE-1", path) == found(alice, "project:mobile", path) == set()
    assert found(alice, "platform:python", path) == {"WEB-1"}


def test_many_terms_cost_no_statement_each(alice: Caller, database: Database) -> None:
    with statements(database) as one:
        found(alice, "issue:WEB-1 project:web platform:python")
    with statements(database) as many:
        found(alice, "issue:[WEB-1, WEB-2] issue:WEB-1 !project:x project:web platform:python")
    assert one.count == many.count


@on_one_database
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("issue:web", "issue: takes short ids, such as WEB-1."),
        ("issue.id:WEB-1", "issue.id: takes ids."),
        ("platform:py*", "platform: takes no wildcards."),
        ("error.type:*Error", "error.type: takes no wildcards."),
        ("project:w*", "project: takes no wildcards."),
        ("level:[error, loud]", "level: takes one of debug, error, fatal, info, warning."),
        ("has:platform", "has: takes the name of a tag."),
        ("has:title", "has: takes the name of a tag."),
        ("title:x " * 51, "A query has no more than 50 conditions."),
        ("(platform:python)", "Invalid key for this search: (platform"),
        ("disk OR platform:python", BOOLEAN),
        ("platform:python AND level:error", BOOLEAN),
        ("stack.filename:a.py", "Invalid key for this search: stack.filename"),
        ('firstRelease:""', "firstRelease: takes a value."),
        ('!regressed_in_release:""', "regressed_in_release: takes a value."),
        ('assigned:""', "assigned: takes a value."),
        ("bookmarks:", "bookmarks: takes a value."),
        ("error.value:x", "Invalid key for this search: error.value"),
    ],
)
def test_other_terms_are_refused(alice: Caller, query: str, message: str) -> None:
    answer = alice.get(ISSUES, params={"query": query})
    assert (answer.status_code, answer.json()) == (400, {"detail": message})
