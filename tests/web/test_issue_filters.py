"""The menus that narrow the list of issues, to an environment or a release."""

import re

ISSUES = "/organizations/acme/issues/"


def fail(house, name, version="web@1.0.0", **payload):
    return house.fail(version, name, fingerprint=[name], **payload)


def listed(client, query=""):
    """The short ids of the list, in its order."""
    answer = client.get(f"{ISSUES}?{query}")
    assert answer.status_code == 200, answer.text
    return re.findall(r'<span class="mono">([^<]+)</span>', answer.text)


def test_the_issues_of_an_environment_are_listed(house, owner):
    fail(house, "there", environment="production")
    fail(house, "elsewhere", environment="staging")
    assert listed(owner, "environment=production") == ["WEB-1"]
    assert listed(owner, "environment=staging&query=environment%3Aproduction") == []
    text = owner.get(f"{ISSUES}?environment=staging").text
    assert '<option value="staging" selected>staging</option>' in text
    assert f'href="{ISSUES}?tab=resolved&amp;environment=staging"' in text
    # Phones show the menus of the filters only when they are opened.
    assert '<input type="checkbox" class="opens" checked>' in text
    assert '<input type="checkbox" class="opens">' in owner.get(ISSUES).text
    assert '<span class="count">' not in text.partition("Lists of issues")[2].partition("</nav>")[0]
    text = owner.get(f"{ISSUES}?environment=%3Ci%3Enowhere").text
    assert "Nothing in “Unresolved” in &lt;i&gt;nowhere" in text


def test_the_issues_of_a_release_are_listed(house, owner):
    fail(house, "old", "web@1.0.0")
    fail(house, "new", "web@1.1.0")
    assert listed(owner, "release=web%401.0.0") == ["WEB-1"]
    assert listed(owner, "release=latest") == ["WEB-2"]
    assert listed(owner, "release=web%401.0.0&query=release%3Alatest") == []
    assert listed(owner, "release=web%409.9.9") == []
    text = owner.get(f"{ISSUES}?release=web%401.0.0").text
    assert '<option value="web@1.0.0" selected>web@1.0.0</option>' in text
    assert f'href="{ISSUES}?tab=resolved&amp;release=web%401.0.0"' in text
    assert f'href="{ISSUES}WEB-1/?tab=unresolved&amp;release=web%401.0.0"' in text


def test_a_release_that_is_no_choice_stays_chosen(house, owner):
    fail(house, "one")
    text = owner.get(f"{ISSUES}?release=%3Ci%3Enone").text
    assert '<option value="&lt;i&gt;none" selected>&lt;i&gt;none</option>' in text
    assert "seen in &lt;i&gt;none" in text
    assert "Latest releases</option>" in text


def test_releases_to_choose_from_are_those_of_the_project(house, owner):
    other = house.extra_project("api")
    fail(house, "one", "web@1.0.0")
    house.publish("api@2.0.0", project=other)
    assert '<option value="api@2.0.0">' in owner.get(ISSUES).text
    assert '<option value="api@2.0.0">' not in owner.get(f"{ISSUES}?project=web").text
