"""The page of the user's own account."""

import pytest

ACCOUNT = "/account/"
OWN = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "correct horse battery"
NEW = "staple staple staple"


def change(client, **data):
    return client.post(ACCOUNT, data=data, headers=OWN)


def sign_in(client, password):
    data = {"email": "owner@example.com", "password": password}
    return client.post("/sign-in/", data=data, headers=OWN).status_code


@pytest.fixture
def elsewhere(house, open_browser):
    """Another browser of the same user."""
    client = open_browser()
    house.sign_in(client, house.owner)
    return client


def test_who_is_not_signed_in_is_sent_to_sign_in(browser):
    assert browser.get(ACCOUNT).headers["location"] == "/sign-in/?next=%2Faccount%2F"
    assert change(browser, action="name", name="Eve").headers["location"].startswith("/sign-in/")


def test_the_name_changes(owner):
    answer = change(owner, action="name", name=" Olivia <b> ")
    assert answer.headers["location"] == "/account/?changed=name"
    text = owner.get(answer.headers["location"]).text
    assert "Saved the name." in text
    assert 'value="Olivia &lt;b&gt;"' in text


def test_a_long_name_is_refused(owner):
    answer = change(owner, action="name", name="x" * 300)
    assert answer.status_code == 400
    assert "A name has no more than" in answer.text


def test_the_password_changes_and_this_browser_stays_signed_in(house, owner, elsewhere):
    answer = change(owner, action="password", current=PASSWORD, new=NEW)
    assert answer.headers["location"] == "/account/?changed=password"
    assert owner.get(ACCOUNT).status_code == 200
    assert elsewhere.get(ACCOUNT).status_code == 303
    assert sign_in(elsewhere, PASSWORD) == 401
    assert sign_in(elsewhere, NEW) == 303


@pytest.mark.parametrize(
    ("current", "new", "problem"),
    [
        ("wrong", NEW, "Incorrect password."),
        ("", NEW, "Incorrect password."),
        (PASSWORD, "short", "A password has at least 8 characters."),
    ],
)
def test_a_password_that_does_not_change(owner, elsewhere, current, new, problem):
    answer = change(owner, action="password", current=current, new=new)
    assert answer.status_code == 400
    assert problem in answer.text
    assert elsewhere.get(ACCOUNT).status_code == 200


def test_guesses_of_the_current_password_are_limited(owner):
    answers = [change(owner, action="password", current="wrong", new=NEW) for _ in range(12)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


def test_other_sessions_end(owner, elsewhere):
    assert "1 other session" in owner.get(ACCOUNT).text
    assert change(owner, action="sessions").status_code == 303
    assert "nowhere else" in owner.get(ACCOUNT).text
    assert elsewhere.get(ACCOUNT).status_code == 303


@pytest.mark.parametrize("data", [{}, {"action": "unknown"}])
def test_an_unknown_action_is_refused(owner, data):
    assert change(owner, **data).status_code == 400
