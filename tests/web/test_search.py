"""The search over everything."""

import pytest

from shipmark.issues import short_ids
from shipmark.organizations.model import Role

SEARCH = "/organizations/acme/search/"


def results(client, query):
    answer = client.get(SEARCH, params={"query": query})
    assert answer.status_code == 200
    return answer.text


def sha_of(house):
    with house.database.snapshot() as connection:
        return connection.exec_driver_sql("SELECT key FROM commits").scalar_one()


def test_a_whole_version_leads_to_its_release(house, owner):
    house.publish("web@1.0.0")
    house.publish("web@1.0.0-rc.1")
    answer = owner.get(SEARCH, params={"query": "web@1.0.0"})
    assert answer.headers["location"] == "/organizations/acme/releases/web%401.0.0/"


def test_a_part_of_a_version_finds_releases(house, owner):
    house.publish("web@1.0.0")
    house.publish("web@2.0.0")
    text = results(owner, "2.0")
    assert "/organizations/acme/releases/web%402.0.0/" in text
    assert "web%401.0.0" not in text


@pytest.mark.parametrize("write", [str, str.lower])
def test_a_short_id_leads_to_its_issue(house, owner, write):
    house.fail("web@1.0.0")
    answer = owner.get(SEARCH, params={"query": write(short_ids.format_short_id("web", 1))})
    assert answer.headers["location"] == "/organizations/acme/issues/WEB-1/"


def test_an_event_id_leads_to_its_issue(house, owner):
    house.fail("web@1.0.0")
    with house.database.snapshot() as connection:
        event_id = connection.exec_driver_sql("SELECT event_id FROM events").scalar_one()
    answer = owner.get(SEARCH, params={"query": event_id.upper()})
    assert answer.headers["location"] == "/organizations/acme/issues/WEB-1/"


def test_the_beginning_of_a_hash_finds_the_commit_and_its_release(house, owner):
    house.publish("web@1.0.0", message="Round <b> up")
    text = results(owner, sha_of(house)[:7])
    assert "Round &lt;b&gt; up" in text
    assert "in 1.0.0" in text


@pytest.mark.parametrize("query", ["lovelace", "ADA@exa", "<b>Ada"])
def test_an_author_is_found_with_the_release_of_their_last_commit(house, owner, query):
    author = {"author_name": "<b>Ada Lovelace", "author_email": "ada@example.com"}
    house.publish("web@1.0.0", **author)
    house.publish("web@2.0.0", **author)
    house.publish("web@3.0.0", author_email="bob@example.com", author_name="Bob")
    text = results(owner, query)
    assert "&lt;b&gt;Ada Lovelace" in text
    assert "ada@example.com, last commit in 2.0.0" in text
    assert "bob@example.com" not in text
    assert "last commit in" not in results(owner, "%%%")


def test_an_author_of_a_project_that_one_cannot_see_is_not_found(house, browser):
    house.close()
    house.publish("api@1.0.0", project=house.extra_project("api"), author_name="Eve Hidden")
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    assert "Eve Hidden" not in results(browser, "hidden")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("WEB", ">Web</a>"),
        ("memb", "Settings: Members"),
        ("team", "Settings: Teams"),
        ("gener", "Settings: General"),
        ("web", "Settings of Web"),
        ("reference", "API reference</a>"),
    ],
)
def test_projects_and_pages_are_found_by_name(owner, query, found):
    assert found in results(owner, query)


@pytest.mark.parametrize(
    "query", ["<script>", "release.version:", "x" * 300, "WEB-ZZZZZZZZZ", "0" * 32]
)
def test_what_finds_nothing_says_so(owner, query):
    text = results(owner, query)
    assert "No results for" in text
    assert "a part of an author's name" in text
    assert "“<script>" not in text


def test_an_empty_search_shows_the_form_only(owner):
    assert "No results" not in results(owner, " ")


def test_things_of_projects_that_a_member_cannot_see_are_not_found(house, browser):
    hidden = house.extra_project("hidden")
    house.publish("hidden@1.0.0", project=hidden)
    house.close()
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    for query in ("hidden", sha_of(house)[:7]):
        assert "No results for" in results(browser, query)


def test_strangers_see_nothing(house, browser):
    assert browser.get(SEARCH).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(SEARCH).status_code == 404
