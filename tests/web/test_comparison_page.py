"""Two releases beside each other."""

import re
from html import unescape

import pytest

from shipmark.infrastructure.clock import now
from shipmark.organizations.model import Role

RELEASES = "/organizations/acme/releases/"
PATH = f"{RELEASES}web%402.0.0/compare/"


@pytest.fixture
def two(house):
    house.publish("web@1.0.0", message="The first thing")
    house.publish("web@2.0.0", message="The second thing")


@pytest.mark.usefixtures("two")
def test_a_release_leads_to_the_comparison_with_the_one_before(owner):
    text = owner.get(f"{RELEASES}web%402.0.0/").text
    assert f'href="{PATH}?base=web%401.0.0">' in text
    assert "Compare with 1.0.0" in text
    assert "Compare with" not in owner.get(f"{RELEASES}web%401.0.0/").text


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("query", ["?base=web%401.0.0", "", "?base="])
def test_what_differs_is_shown(owner, query):
    """Without a base it is the release before."""
    answer = owner.get(f"{PATH}{query}")
    assert answer.status_code == 200
    for shown in (
        "The second thing",
        "shop/cart.py",
        "Ada Lovelace",
        "acme/web",
    ):
        assert shown in answer.text, shown
    assert "The first thing" not in answer.text
    assert 'value="web@1.0.0"' in answer.text


@pytest.mark.usefixtures("two")
def test_removed_commits_are_shown_only_where_there_are_some(owner):
    assert "Removed commits" not in owner.get(PATH).text
    text = owner.get(f"{RELEASES}web%401.0.0/compare/?base=web%402.0.0").text
    assert "The second thing" in text.partition("Removed commits")[2]


@pytest.mark.usefixtures("two")
def test_that_nothing_lies_between_two_packages_is_said(house, owner):
    house.publish("ios@2.0.0")
    text = owner.get(f"{PATH}?base=ios%402.0.0").text
    assert "ios@2.0.0 and web@2.0.0 are not versions of one package" in text
    assert "are not versions of" not in owner.get(PATH).text


@pytest.mark.usefixtures("two")
def test_issues_and_deploys_of_both_are_shown(house, owner):
    house.fail("web@1.0.0", "old")
    house.fail("web@2.0.0", "new", fingerprint=["new"])
    house.deploy(house.publish("web@2.0.0", released_at=now()), "production")
    text = owner.get(PATH).text
    row = text.partition("New issues</th>")[2].partition("</tr>")[0]
    assert '<td class="r quiet">1</td><td class="r"><b>1</b></td>' in row
    assert text.index("ValueError: new") < text.index("ValueError: old")
    assert "production" in text


@pytest.mark.usefixtures("two")
def test_issues_of_releases_between_count(house, owner):
    house.fail("web@2.0.0", "between", fingerprint=["between"])
    house.publish("web@3.0.0")
    text = owner.get(f"{RELEASES}web%403.0.0/compare/?base=web%401.0.0").text
    assert "ValueError: between" in text
    assert "The range holds 2 commits by 1 author with 1 changed file, 1 new issue," in text
    assert "in 3.0.0 and 1 release between" in text


@pytest.mark.usefixtures("two")
def test_a_short_version_names_a_release_of_the_same_package_first(house, owner):
    house.publish("ios@1.0.0")
    assert 'value="web@1.0.0" autocomplete' in owner.get(f"{PATH}?base=1.0.0").text
    house.publish("1.0.0")
    assert 'value="1.0.0" autocomplete' in owner.get(f"{PATH}?base=1.0.0").text


@pytest.mark.usefixtures("two")
def test_another_release_in_the_second_field_has_its_own_address(owner):
    answer = owner.get(f"{PATH}?base=web%402.0.0&head=1.0.0")
    assert answer.status_code == 303
    target = f"{RELEASES}web%401.0.0/compare/?base=web%402.0.0"
    assert answer.headers["location"] == target
    assert "1.0.0 came before 2.0.0" in owner.get(target).text


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("field", ["base", "head"])
def test_an_unknown_version_stays_in_its_field(owner, field):
    answer = owner.get(f"{PATH}?{field}=web%409.9.9%3C")
    assert answer.status_code == 404
    assert "No release web@9.9.9&lt;" in answer.text
    assert (
        'value="web@9.9.9&lt;" autocomplete="off" maxlength="200" spellcheck="false" aria-invalid'
        in answer.text
    )


@pytest.mark.usefixtures("two")
def test_a_release_of_a_project_that_one_cannot_see_is_unknown(house, browser):
    house.publish("app@1.0.0", project=house.extra_project("app"))
    house.close()
    house.sign_in(browser, house.person("m@example.com", Role.MEMBER, teams=("crew",)))
    answer = browser.get(f"{PATH}?base=app%401.0.0")
    assert (answer.status_code, "No release app@1.0.0" in answer.text) == (404, True)
    assert "app@1.0.0</option>" not in answer.text


@pytest.mark.usefixtures("two")
def test_a_release_beside_itself_differs_in_nothing(owner):
    text = owner.get(f"{PATH}?base=web%402.0.0").text
    assert "The second thing" not in text
    assert "No commits." in text


def test_the_first_release_has_nothing_before(house, owner):
    house.publish("web@1.0.0")
    answer = owner.get(f"{RELEASES}web%401.0.0/compare/")
    assert answer.status_code == 200
    assert "Nothing to compare with" in answer.text


def test_the_one_before_is_of_the_same_projects(house, owner):
    house.publish("app@1.0.0", project=house.extra_project("app"))
    house.publish("web@1.0.0")
    assert "Nothing to compare with" in owner.get(f"{RELEASES}web%401.0.0/compare/").text


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    "path", [f"{PATH}?base=unknown", f"{RELEASES}unknown/compare/", f"{PATH}?base=%ff%00"]
)
def test_an_unknown_release_is_not_found(owner, path):
    assert owner.get(path).status_code == 404


@pytest.mark.usefixtures("two")
def test_a_stranger_does_not_learn_that_they_exist(house, browser):
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert browser.get(PATH).status_code == 404


def test_what_is_hostile_is_shown_as_text(house, owner):
    hostile = "<script>alert(1)<x>"
    house.publish("1")
    house.publish(hostile, message=hostile)
    house.fail(hostile, hostile)
    text = owner.get(f"{RELEASES}%3Cscript%3Ealert(1)%3Cx%3E/compare/?base=1").text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;x&gt;") >= 4


def _rows(answer):
    """The cells of the table of numbers, by their names."""
    rows = answer.text.partition('id="numbers"')[2].partition("</section>")[0].split("<tr>")[2:]
    texts = [
        [unescape(re.sub("<[^>]*>", "", cell)).strip() for cell in re.split("</t[hd]>", row)]
        for row in rows
    ]
    return {cells[0]: cells[1:4] for cells in texts}


@pytest.mark.usefixtures("two")
def test_health_is_compared_once_there_are_sessions(house, owner):
    assert "Verdict" not in _rows(owner.get(PATH))
    house.use("web@1.0.0", 100, users=20, hours=[3])
    house.use("web@2.0.0", 300, 3, users=20)
    assert list(_rows(owner.get(PATH)).items())[:5] == [
        ("Verdict", ["–", "–", ""]),
        ("Crash-free users, 14 days", ["100%", "95.00%", "down by 5.00"]),
        ("Crash-free sessions, 14 days", ["100%", "99.00%", "down by 1.00"]),
        ("Adoption, 24 h", ["25%", "75%", "up by 50"]),
        ("New issues", ["0", "0", "0"]),
    ]


@pytest.mark.usefixtures("two")
def test_a_release_without_sessions_is_compared_by_dashes(house, owner):
    house.use("web@2.0.0", 300)
    rows = _rows(owner.get(PATH))
    assert rows["Crash-free sessions, 14 days"] == ["–", "100%", "–"]
    assert rows["Crash-free users, 14 days"] == ["–", "–", "–"]


@pytest.mark.usefixtures("two")
def test_the_verdicts_of_both_are_compared(house, owner):
    house.regress("<i>")
    house.use("web@2.0.0", 10, environment="staging")
    house.judge()
    answer = owner.get(PATH)
    rows = _rows(answer)
    assert rows["Verdict"] == ["Not enough data in <i>", "Regressed in <i>", ""]
    assert "<b>2.0.0 regressed</b> in &lt;i&gt;. The range holds 1 commit" in answer.text
    assert "<i>" not in answer.text
    assert '<b class="bad">85' in answer.text
    assert rows["Crash-free sessions, 14 days"][2].startswith("down by 1")


@pytest.mark.usefixtures("two")
def test_a_release_compared_with_itself_has_its_health_twice(house, owner):
    house.use("web@2.0.0", 300)
    rows = _rows(owner.get(f"{PATH}?base=web%402.0.0"))
    assert rows["Crash-free sessions, 14 days"] == ["100%", "100%", "0"]


def test_the_number_of_statements_is_constant(house, owner, statements):
    house.publish("1")
    house.publish("2")
    counts = []
    for number in range(2):
        statements.clear()
        assert owner.get(f"{RELEASES}2/compare/?base=1").status_code == 200
        counts.append(len(statements))
        for value in range(5):
            house.fail("2", f"{number} {value}")
            house.publish("2", message=f"{number} {value}")
    assert counts[0] <= counts[1] <= counts[0] + 1
