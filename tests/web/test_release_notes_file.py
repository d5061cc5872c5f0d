"""Release notes as a file, and in a button that copies them."""

from shipmark.organizations.model import Role

RELEASE = "/organizations/acme/releases/web%401.1.0/"
NOTES = f"{RELEASE}notes.md"


def test_the_notes_name_authors_and_fixed_issues(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="fix: mend it\n\nFixes WEB-1")
    answer = owner.get(NOTES)
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "### Fixes\n\n- mend it (WEB-1), by Ada Lovelace\n" in answer.text
    assert "### Resolved issues\n\n- WEB-1: ValueError: something is None\n" in answer.text


def test_the_page_has_the_same_text_to_copy(house, owner):
    house.publish("web@1.1.0", message='fix: mend "it" <b>')
    text = owner.get(RELEASE).text
    assert "- mend &#34;it&#34; \\&lt;b&gt;, by Ada Lovelace" in text
    assert f'href="{NOTES}" download' in text


def test_a_release_that_does_not_exist_has_no_notes(house, owner):
    assert owner.get(NOTES).status_code == 404


def test_only_members_see_them(house, browser):
    house.publish("web@1.1.0")
    assert browser.get(NOTES).status_code == 303
    house.sign_in(browser, house.person("member@example.com", Role.MEMBER))
    assert browser.get(NOTES).status_code == 200
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert browser.get(NOTES).status_code == 404


def test_the_number_of_statements_is_constant(house, owner, statements):
    house.publish("web@1.1.0")
    counts = []
    for number in range(2):
        statements.clear()
        assert owner.get(NOTES).status_code == 200
        counts.append(len(statements))
        house.fail("web@1.0.0", f"x{number}")
        house.publish("web@1.1.0", message=f"Fixes WEB-{number + 1}")
    assert counts[0] <= counts[1] <= counts[0] + 1
