"""Comments on the page of an issue."""

import re
from html import unescape

import pytest

from shipmark.issues.comments import COMMENT_MAX
from shipmark.organizations.model import Role

ISSUE = "/organizations/acme/issues/WEB-1/"
COMMENTS = f"{ISSUE}comments/"
OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def _issue(house):
    house.fail("web@1.0.0")


@pytest.fixture
def mia(house, open_browser):
    """The browser of a member."""
    browser = open_browser()
    house.sign_in(browser, house.person("mia@example.com", Role.MEMBER))
    return browser


def write(client, text="It is known."):
    answer = client.post(COMMENTS, data={"text": text}, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUE}#activity")


def change(client, comment_id=1, **fields):
    return client.post(f"{COMMENTS}{comment_id}/", data=fields, headers=OWN)


def shown(client):
    """The comments of the page, the newest first, as HTML."""
    return re.findall(
        r'<blockquote class="comment">(.*?)</blockquote>', client.get(ISSUE).text, re.DOTALL
    )


def test_a_comment_stands_in_the_activity_with_its_author(owner, house):
    write(owner, "First")
    write(owner, "Second\r\n\r\n  line")
    assert shown(owner) == ["Second\n\n  line", "First"]
    assert f"<b>{house.owner.display_name}</b> <span" in owner.get(ISSUE).text


def test_a_comment_is_text_with_links(owner):
    write(owner, '<script>x</script> & https://example.com/a?b=1&c="d" end')
    [text] = shown(owner)
    assert "<script>" not in text
    assert '<a href="https://example.com/a?b=1&amp;c=' in text
    assert 'rel="nofollow noopener noreferrer"' in text
    plain = re.sub(r"<[^>]*>", "", text)
    assert unescape(plain) == '<script>x</script> & https://example.com/a?b=1&c="d" end'


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "//example.com"])
def test_only_addresses_of_pages_are_links(owner, text):
    write(owner, text)
    assert shown(owner) == [text]


@pytest.mark.parametrize(
    ("text", "problem"),
    [(" \n", "Enter a comment."), ("a" * (COMMENT_MAX + 1), f"at most {COMMENT_MAX} characters")],
)
def test_a_comment_that_is_refused_stays_in_the_field(owner, text, problem):
    answer = owner.post(COMMENTS, data={"text": text}, headers=OWN)
    assert answer.status_code == 400
    assert 'id="comment-problem" role="alert">' in answer.text
    assert problem in answer.text.partition('id="comment-problem"')[2][:100]
    assert 'aria-invalid="true" aria-describedby="comment-problem" autofocus' in answer.text
    assert f"{text.strip()}</textarea>" in answer.text


@pytest.mark.parametrize(
    ("text", "problem"),
    [("\n", "Enter a comment."), ("a" * (COMMENT_MAX + 1), f"at most {COMMENT_MAX} characters")],
)
def test_a_change_that_is_refused_stays_in_the_field_of_its_comment(owner, text, problem):
    write(owner)
    comment_id = re.search(r'id="comment-(\d+)"', owner.get(ISSUE).text)[1]
    answer = change(owner, comment_id, action="save", text=text)
    assert answer.status_code == 400
    form = answer.text.partition('<details class="change" open>')[2].partition("</form>")[0]
    assert f'aria-describedby="comment-{comment_id}-problem" autofocus' in form
    assert problem in form.partition('role="alert">')[2]
    assert f">\n{text.strip()}</textarea>" in form
    assert answer.text.count('role="alert"') == 1
    assert shown(owner) == ["It is known."]


def test_a_change_of_a_comment_that_was_deleted_meanwhile_is_kept_as_a_new_one(owner):
    write(owner)
    assert change(owner, action="delete").status_code == 303
    answer = change(owner, action="save", text="Long thoughts")
    assert answer.status_code == 404
    form = answer.text.partition(f'action="{COMMENTS}"')[2].partition("</form>")[0]
    assert "was deleted meanwhile" in form
    assert ">\nLong thoughts</textarea>" in form


def test_the_longest_comment_counts_ends_of_lines_once(owner):
    write(owner, "a\r\n" * (COMMENT_MAX // 2))
    assert len(shown(owner)[0]) == COMMENT_MAX - 1


def test_authors_change_and_delete_their_comments(owner):
    write(owner)
    assert ">Edit<" in owner.get(ISSUE).text
    answer = change(owner, action="save", text="Changed.")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUE}#activity")
    assert shown(owner) == ["Changed."]
    assert change(owner, action="delete").status_code == 303
    assert shown(owner) == []
    assert change(owner, action="delete").status_code == 404


def test_comments_of_others_are_only_deleted_and_with_the_right(owner, mia, house):
    write(owner)
    text = mia.get(ISSUE).text
    assert ">Edit<" not in text
    assert ">Delete comment<" in text
    assert change(mia, action="save", text="Mine.").status_code == 403
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE organizations SET deletes_events = 0")
    assert ">Delete comment<" not in mia.get(ISSUE).text
    assert change(mia, action="delete").status_code == 403
    assert shown(mia) == ["It is known."]


@pytest.mark.parametrize("comment_id", ["99", "x", "9" * 30])
def test_an_unknown_comment_is_not_found(owner, comment_id):
    assert change(owner, comment_id, action="save", text="a").status_code == 404


def test_an_unknown_action_is_refused(owner):
    write(owner)
    assert change(owner, action="burn").status_code == 400


def test_the_comment_of_a_deleted_user_stays(owner, mia, house):
    write(mia)
    with house.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM users WHERE email = 'mia@example.com'")
    assert shown(owner) == ["It is known."]
    assert "A user who was deleted" in owner.get(ISSUE).text
