"""The pages of what is removed from events, of a project and of all, and which are dropped."""

import pytest
from page_forms import post

from shipmark.events.project_rules import rules_from
from shipmark.organizations import store as organization_store
from shipmark.organizations.model import Role
from shipmark.projects import store

SHARED = "/organizations/acme/settings/data/"
DATA = "/organizations/acme/settings/projects/web/data/"
SCRUBBING, FILTERS = f"{DATA}scrubbing/", f"{DATA}filters/"


def rules(house):
    """What the digester goes by."""
    with house.database.snapshot() as connection:
        return rules_from(
            tuple(
                store.options_with_organization(connection, house.organization.id, house.project.id)
            )
        )


def ticked(text):
    """The names of the boxes that are ticked."""
    return {
        tag.partition('name="')[2].partition('"')[0]
        for tag in text.split("<input ")
        if " checked" in tag.partition(">")[0]
    }


def test_strangers_and_members_change_nothing(house, browser):
    assert browser.get(DATA).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    text = browser.get(DATA).text
    assert "Remove sensitive data</dt><dd>On" in text
    assert "Save" not in text
    for path in (SCRUBBING, FILTERS):
        assert post(browser, path, sensitive="x").status_code == 403
    assert rules(house).scrubbing.sensitive_fields == ()


def test_what_is_removed_is_set(house, owner):
    assert ticked(owner.get(DATA).text) == {"scrubbing", "defaults"}
    answer = post(
        owner,
        SCRUBBING,
        scrubbing="1",
        addresses="1",
        sensitive=" account \r\n\r\nIBAN\r\naccount",
        safe="token_count",
    )
    text = owner.get(answer.headers["location"]).text
    assert "Saved what is removed." in text
    assert ticked(text) == {"scrubbing", "addresses"}
    assert "account\nIBAN</textarea>" in text
    found = rules(house).scrubbing
    assert (found.is_on, found.has_defaults, found.removes_addresses) == (True, False, True)
    assert (found.sensitive_fields, found.safe_fields) == (("account", "IBAN"), ("token_count",))


def test_which_events_are_dropped_is_set(house, owner):
    answer = post(
        owner,
        FILTERS,
        extensions="1",
        localhost="1",
        browser_ie="1",
        browser_netscape="1",
        senders="192.0.2.7\n198.51.100.0/24",
        releases="web@1.*",
        messages="*ResizeObserver loop*",
    )
    text = owner.get(answer.headers["location"]).text
    assert "Saved the filters." in text
    assert ticked(text) >= {"extensions", "localhost", "browser_ie"}
    assert "crawlers" not in ticked(text)
    found = rules(house).filters
    assert (found.has_extensions, found.has_crawlers, found.has_localhost) == (True, False, True)
    assert found.browsers == {"ie"}
    assert len(found.networks) == 2
    assert found.releases.fullmatch("web@1.7")
    assert found.messages.fullmatch("RESIZEOBSERVER LOOP limit")
    # Each form leaves what the other sets, and what is not ticked any more is off.
    post(owner, SCRUBBING, scrubbing="1")
    assert rules(house).filters == found
    post(owner, FILTERS)
    assert rules(house).filters.is_empty


@pytest.mark.parametrize(
    ("path", "field", "typed", "problem"),
    [
        (FILTERS, "senders", "192.0.2.7\nx.example", "&#34;x.example&#34; is not valid."),
        (FILTERS, "releases", "[z-a]", "&#34;[z-a]&#34; is not valid."),
        (FILTERS, "messages", "m" * 1001, "An entry has at most 1000 characters."),
        (FILTERS, "messages", "\n".join(map(str, range(501))), "More than 500 entries."),
        (SCRUBBING, "safe", "n" * 201, "A name has at most 200 characters."),
        (SCRUBBING, "sensitive", "\n".join(map(str, range(501))), "Enter at most 500 names."),
    ],
)
def test_what_cannot_be_taken_is_named_and_stays_typed(house, owner, path, field, typed, problem):
    before = rules(house)
    answer = post(owner, path, crawlers="1", addresses="1", **{field: typed})
    assert answer.status_code == 400
    assert problem in answer.text
    assert f'aria-describedby="{field}-problem {field}-hint"' in answer.text
    assert f"{typed}</textarea>" in answer.text
    # The boxes are as they were sent, those of the other form as they are stored.
    other = {"scrubbing", "defaults"} if path == FILTERS else set()
    assert ticked(answer.text) == {"crawlers", "addresses"} | other
    assert rules(house) == before


def test_what_the_organization_turns_on_is_said(house, owner, browser):
    with house.database.transaction() as connection:
        organization_store.save_options(
            connection,
            house.organization.id,
            {
                "sentry:require_scrub_ip_address": True,
                "sentry:sensitive_fields": ["passport"],
            },
        )
    text = owner.get(DATA).text
    assert "The organization has turned it on for all projects." in text
    assert "The organization adds passport." in text
    assert "addresses" not in ticked(text), "the project itself has not"
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    text = browser.get(DATA).text
    assert "Remove IP addresses</dt><dd>On" in text
    assert 'Sensitive fields</dt><dd class="break">passport' in text


def test_browsers_that_a_client_has_set_by_former_names_are_kept(house, owner):
    with house.database.transaction() as connection:
        store.save_options(
            connection,
            house.project.id,
            {"filters:legacy-browsers": ["ie9", "safari"]},
        )
    text = owner.get(DATA).text
    assert ticked(text) == {"scrubbing", "defaults", "browser_ie9", "browser_safari"}
    assert "Safari before 12" in text
    post(owner, FILTERS, browser_ie9="1", browser_safari="1")
    assert rules(house).filters.browsers == {"ie9", "safari"}


def test_the_audit_log_says_what_changed(house, owner):
    post(owner, SCRUBBING, scrubbing="1", defaults="1", safe="token_count")
    with house.database.snapshot() as connection:
        entries = organization_store.entries_of(
            connection, house.organization.id, organization_store.AuditFilter(), None, limit=1
        )
    assert "safeFields" in entries[0].note


def test_the_organization_removes_something_in_all_projects(house, owner, browser):
    answer = post(owner, SHARED, addresses="1", sensitive="passport\npassport", safe="")
    text = owner.get(answer.headers["location"]).text
    assert "Saved what is removed." in text
    assert ticked(text) == {"addresses"}
    found = rules(house).scrubbing
    assert (found.is_on, found.has_defaults, found.removes_addresses) == (True, True, True)
    assert found.sensitive_fields == ("passport",)
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    text = browser.get(SHARED).text
    assert "Remove IP addresses</dt><dd>On" in text
    assert "Save" not in text
    assert post(browser, SHARED).status_code == 403


def test_names_that_are_too_long_change_nothing_in_all_projects(house, owner):
    answer = post(owner, SHARED, addresses="1", safe="n" * 201)
    assert answer.status_code == 400
    assert "A name has at most 200 characters." in answer.text
    assert ticked(answer.text) == {"addresses"}
    assert not rules(house).scrubbing.removes_addresses
