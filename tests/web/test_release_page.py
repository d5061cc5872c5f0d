"""A release with its commits, issues and activity."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest

from shipmark.deletion.release_deletion import delete_releases
from shipmark.infrastructure.clock import now
from shipmark.publishing import actions as publishing
from shipmark.publishing.actions import PublishContext
from shipmark.publishing.model import CommitsAndRefs, ReleaseUpdate
from shipmark.releases.store import releases, thresholds
from shipmark.releases.thresholds import NewThreshold, ThresholdType, Trigger
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Change, CommitInput
from shipmark.web import urls

LIST = "/organizations/acme/releases/"


def _page(client, version, **parameters):
    return client.get(urls.release("acme", version), params=parameters or None)


def test_a_release_shows_all_that_belongs_to_it(house, owner):
    house.fail("web@1.0.0")
    release = house.publish("web@1.1.0", message="Mend it\n\nFixes WEB-1", ref="v1.1.0")
    house.deploy(release, "production")
    house.fail("web@1.1.0", value="another thing", exception={"values": [{"type": "OSError"}]})
    text = _page(owner, "web@1.1.0", issues="all").text
    for shown in (
        "Mend it", "Ada Lovelace", "acme/web", "shop/cart.py", "Fixes WEB-1", "v1.1.0",
        "ValueError: something is None", "WEB-1", "Resolved", "OSError", "WEB-2", "New</span>",
        "eployed <b>web</b> to <b>production</b>", "eleased in <b>web</b>",
    ):  # fmt: skip
        assert shown in text, shown


def test_a_commit_fixes_an_issue_that_it_names_by_an_address(house, owner):
    issue_id = house.fail("web@1.0.0")
    house.fail("web@1.0.0", fingerprint=["queue"])
    addresses = (
        f"https://testserver.local/organizations/acme/issues/{issue_id}/",
        "https://testserver.local/organizations/acme/issues/WEB-2/",
    )
    house.publish("web@1.1.0", message=f"Fixes {addresses[0]}\nFixes {addresses[1]}")
    text = re.sub(r"<[^>]*>", "", _page(owner, "web@1.1.0").text)
    assert "Fixes WEB-1, WEB-2" in text


@pytest.mark.parametrize(
    "version",
    [
        "with some spaces",
        "100%",
        "1.0+build#7?x=y&z",
        "shop@1.0@2",
        "Käse-日本-🚢",
        "quote\"and'",
        "a;b:c,d=e",
        "..a",
    ],
)
def test_an_odd_version_has_a_page_that_its_link_leads_to(house, owner, version):
    house.publish(version)
    listed = owner.get(LIST).text
    link = f'href="{LIST}{quote(version, safe="")}/"'
    assert link in listed
    assert _page(owner, version).status_code == 200


def test_what_is_hostile_is_shown_as_text(house, owner):
    hostile = "<script>alert(1)"
    house.fail(hostile, value=hostile)
    house.publish(hostile, message=hostile, ref=hostile)
    text = _page(owner, hostile).text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 4


def test_only_web_addresses_become_links(house, owner):
    house.publish("web@1", url="javascript:alert(1)")
    house.publish("web@2", url="https://example.com/release")
    assert 'href="javascript' not in _page(owner, "web@1").text
    assert "javascript:alert(1)" in _page(owner, "web@1").text
    assert 'href="https://example.com/release"' in _page(owner, "web@2").text


@pytest.mark.parametrize("version", ["unknown", "a\x00b", "x" * 1000])
def test_an_unknown_version_is_not_found(owner, version):
    answer = _page(owner, version)
    assert answer.status_code == 404
    assert "Page not found" in answer.text


def test_a_stranger_does_not_learn_that_it_exists(house, browser):
    house.publish("web@1")
    house.sign_in(browser, house.person("stranger@example.com", None))
    answers = _page(browser, "web@1"), _page(browser, "unknown")
    assert [answer.status_code for answer in answers] == [404, 404]
    # The form of the theme leads back to the requested address.
    assert answers[0].text.replace("/web%401/", "/unknown/") == answers[1].text


def test_many_commits_come_in_pages(house, owner):
    release = house.publish("web@1")
    _bind(house, release, 60)
    first = _page(owner, "web@1").text
    second = _page(owner, "web@1", commits=2).text
    assert (first.count('<li class="commit">'), second.count('<li class="commit">')) == (50, 10)
    assert '?commits=2#commits"' in first
    assert '?commits=1#commits"' in second


def test_all_but_the_first_commits_and_deploys_are_folded(house, owner):
    release = house.publish("web@1")
    _bind(house, release, 11)
    for number in range(8):
        house.deploy(release, f"region-{number}")
    text = _page(owner, "web@1").text
    commits, deploys = (
        text.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]
        for name in ("commits", "deploys")
    )
    shown, _, folded = commits.partition("Show 1 further commit<")
    assert [part.count('<li class="commit">') for part in (shown, folded)] == [10, 1]
    shown, _, folded = deploys.partition("Show 2 further deploys<")
    assert [part.count('<span class="env') for part in (shown, folded)] == [6, 2]


def test_the_number_of_statements_does_not_depend_on_the_number_of_commits(
    house, owner, statements
):
    release = house.publish("web@1")
    statements.clear()
    _page(owner, "web@1")
    with_one = len(statements)
    _bind(house, release, 40)
    statements.clear()
    _page(owner, "web@1")
    assert len(statements) == with_one


def test_changed_files_of_several_repositories_have_their_names(house, owner):
    release = house.publish("web@1.0.0")
    _bind(house, release, 2)
    files = _page(owner, "web@1.0.0").text.partition('aria-labelledby="files"')[2]
    assert files.partition("</ul>")[0].count("acme/web") == 0
    _bind(house, release, 2, repository="acme/<b>api")
    files = _page(owner, "web@1.0.0").text.partition('aria-labelledby="files"')[2]
    assert files.partition("</ul>")[0].count('<code class="break">a.py</code>') == 2
    assert "acme/&lt;b&gt;api" in files
    assert "acme/web" in files


@pytest.mark.parametrize("lone", [0, 2])
def test_the_repository_with_most_of_the_commits_comes_first(house, owner, lone):
    _bind(house, house.publish("web@1.0.0"), 3, repository="acme/api", lone=lone)
    commits = _page(owner, "web@1.0.0").text.partition('aria-labelledby="commits"')[2]
    assert re.findall(r'<b class="cut">acme/(\w+)</b>', commits) == ["api", "web"]


def _bind(house, release, number, repository="acme/web", lone=0):
    commits = tuple(
        CommitInput(
            sha=f"{index:040x}",
            repository="acme/web" if index == lone else repository,
            message=f"Change {index}",
            author_name=f"Author {index}",
            author_email=f"a{index}@example.com",
            at=now(),
            changes=(("a.py", Change.ADDED),),
        )
        for index in range(number)
    )
    around = PublishContext(
        organization=house.organization, user_id=None, host="testserver.local", now=now()
    )
    with house.database.transaction() as connection:
        publishing.update(
            connection, release, ReleaseUpdate(code=CommitsAndRefs(commits=commits)), around
        )


def test_an_earlier_release_of_the_version_is_told_of(house, owner, open_browser):
    house.fail("web@1.0.0")
    with house.database.transaction() as connection:
        release = releases.by_version(connection, house.organization.id, "web@1.0.0")
        around = PublishContext(
            organization=house.organization, user_id=house.owner.id, host="", now=now()
        )
        delete_releases(connection, [release], around, is_forced=True)
    house.publish("web@1.0.0")
    text = owner.get("/organizations/acme/releases/web%401.0.0/").text
    assert "<b>Olive</b> deleted an earlier release of this version from <b>web</b>" in text


def test_issues_that_came_back_are_shown_beside_new_ones(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1", at=now() - timedelta(minutes=3))
    house.fail("web@1.1.0", timestamp=now().timestamp())
    house.fail("web@1.1.0", "new one", fingerprint=["new"])
    text = _page(owner, "web@1.1.0").text
    assert '<dt>Regressed</dt><dd class="bad">1</dd>' in text
    assert '<dt>New issues</dt><dd class="warn">1</dd>' in text
    shown = {name: _issues(owner, name) for name in ("new", "regressed", "resolved", "all", "")}
    assert shown == {
        "new": ["WEB-2"],
        "regressed": ["WEB-1"],
        "resolved": ["WEB-1"],
        "all": ["WEB-1", "WEB-2"],
        "": ["WEB-1", "WEB-2"],
    }


def test_unhandled_issues_of_a_release_have_a_tab(house, owner):
    raised = {"type": "Crash", "value": "gone", "mechanism": {"type": "x", "handled": False}}
    house.publish("web@1.1.0")
    house.fail("web@1.1.0", fingerprint=["handled"])
    house.fail("web@1.1.0", exception={"values": [raised]})
    assert _issues(owner, "unhandled") == ["WEB-2"]
    text = _page(owner, "web@1.1.0", issues="unhandled").text
    assert 'aria-current="page">Unhandled <span class="count">1</span>' in text
    house.publish("web@1.2.0")
    assert "No issue is unhandled." in _page(owner, "web@1.2.0", issues="unhandled").text


def _issues(client, tab):
    """The short ids of the issues in a tab."""
    text = _page(client, "web@1.1.0", issues=tab).text
    card = text.partition('aria-labelledby="issues"')[2].partition("</section>")[0]
    return [short_id for short_id in ("WEB-1", "WEB-2") if f">{short_id}<" in card]


def test_a_tab_that_does_not_exist_is_the_first_one(house, owner):
    house.publish("web@1.1.0")
    text = _page(owner, "web@1.1.0", issues="<x>").text
    assert '#issues" aria-current="page">Needs attention' in text


def test_a_resolved_issue_needs_no_attention(house, owner):
    house.fail("web@1.1.0")
    house.publish("web@1.1.0", message="Fixes WEB-1")
    assert _issues(owner, "") == []
    assert _issues(owner, "resolved") == ["WEB-1"]


def test_the_bar_leads_to_the_releases_before_and_after(house, owner):
    for version in ("web@1.0.0", "web@1.1.0", "web@1.2.0"):
        house.publish(version)
    text = _page(owner, "web@1.1.0").text
    assert f'rel="prev" href="{LIST}web%401.0.0/"' in text
    assert f'rel="next" href="{LIST}web%401.2.0/"' in text
    assert 'rel="next"' not in _page(owner, "web@1.2.0").text


def test_a_deploy_is_live_until_another_release_takes_its_place(house, owner):
    first, second = house.publish("web@1.0.0"), house.publish("web@1.1.0")
    house.deploy(first, "production")
    assert 'class="env live" title="production"' in _page(owner, "web@1.0.0").text
    house.deploy(second, "production")
    text = _page(owner, "web@1.0.0").text
    assert 'class="env live"' not in text
    assert 'class="env past" title="production"' in text


def test_commits_stand_under_their_repository_with_links_to_its_host(house, owner):
    house.publish("web@1.0.0")
    assert "/commit/" not in _page(owner, "web@1.0.0").text
    with house.database.transaction() as connection:
        known = repositories.named(connection, house.organization.id, "acme/web")
        repositories.change(connection, known.id, {"url": "https://github.com/acme/web"})
    assert re.search(
        r'<a class="sha mono" href="https://github.com/acme/web/commit/[0-9a-f]{32}"',
        _page(owner, "web@1.0.0").text,
    )


def test_the_state_of_thresholds_is_shown(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.0.0")
    with house.database.transaction() as connection:
        for value in (0, 9):
            new = NewThreshold(
                type=ThresholdType.NEW_ISSUES,
                trigger=Trigger.OVER,
                value=value,
                window_seconds=3600,
            )
            thresholds.add(connection, house.project.id, new, now())
    text = _page(owner, "web@1.0.0").text
    assert "1, at most 0" in text
    assert "Exceeded" in text
    assert "1, at most 9" in text
    assert "Within limit" in text


def test_the_number_of_statements_does_not_depend_on_issues_deploys_and_thresholds(
    house, owner, statements
):
    counts = []
    for number in range(1, 4):
        house.fail("web@1.0.0", f"value {number}", fingerprint=[f"{number}"])
        release = house.publish("web@1.0.0", message=f"Fixes WEB-{number}")
        house.deploy(release, f"place-{number}")
        new = NewThreshold(
            type=ThresholdType.ERRORS, trigger=Trigger.OVER, value=number, window_seconds=60
        )
        with house.database.transaction() as connection:
            thresholds.add(connection, house.project.id, new, now())
        statements.clear()
        assert _page(owner, "web@1.0.0").status_code == 200
        counts.append(len(statements))
    assert len(set(counts)) == 1


def test_what_was_not_sent_has_the_command_that_sends_it(house, owner):
    house.publish("web@1 0")
    text = _page(owner, "web@1 0").text
    assert "releases set-commits" not in text
    assert "deploys new --org acme --project web '--release=web@1 0' --env=production" in text
    assert "sourcemaps upload --org acme --project web" in text


def test_a_regression_is_in_the_activity(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1", at=now() - timedelta(minutes=3))
    house.fail("web@1.1.0", timestamp=now().timestamp())
    activity = owner.get("/organizations/acme/releases/web%401.1.0/").text.partition(
        'id="activity"'
    )[2]
    assert re.search(r"WEB-1</a> regressed", activity)
    others = owner.get("/organizations/acme/releases/web%401.0.0/").text.partition('id="activity"')[
        2
    ]
    assert "regressed" not in others


def test_the_issues_of_a_release_open_in_the_list_of_issues(house, owner):
    house.fail("web@1.0.0", fingerprint=["old"])
    house.fail('shop@1.0 "beta"')
    text = _page(owner, 'shop@1.0 "beta"').text
    [address] = re.findall(r'href="([^"]+)">Open in Issues', text)
    listed = owner.get(unescape(address)).text
    assert "WEB-2" in listed
    assert "WEB-1" not in listed


@pytest.mark.parametrize("version", ["web@1.0.0", "web@*"])
def test_a_release_without_issues_or_a_search_for_them_has_no_such_link(house, owner, version):
    house.publish(version)
    if "*" in version:
        house.fail(version)
    assert "Open in Issues" not in _page(owner, version).text
