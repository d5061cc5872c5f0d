"""Coming in and going out."""

import pytest

COOKIE = "shipmark_session"
PASSWORD = "correct horse battery"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
LIST = "/organizations/acme/releases/"


def _sign_in(client, *, password=PASSWORD, email="owner@example.com", after="/"):
    form = {"email": email, "password": password, "next": after}
    return client.post("/sign-in/", data=form, headers=OWN_PAGE)


def test_somebody_without_a_session_is_asked_to_sign_in_and_comes_back(browser):
    answer = browser.get(LIST + "web%401%200/?commits=2")
    assert answer.status_code == 303
    expected = (
        "/sign-in/?next=%2Forganizations%2Facme%2Freleases%2Fweb%25401%25200%2F%3Fcommits%3D2"
    )
    assert answer.headers["location"] == expected


@pytest.mark.parametrize(
    ("referer", "after"),
    [
        ("http://testserver.local/organizations/acme/issues/WEB-1/?period=24h", True),
        ("http://elsewhere.example.com/organizations/acme/issues/WEB-1/?period=24h", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_a_form_of_a_session_that_ended_leads_back_to_its_page(browser, referer, after):
    answer = browser.post(
        "/organizations/acme/issues/WEB-1/comments/",
        data={"text": "Long thoughts"},
        headers=OWN_PAGE | {"Referer": referer},
    )
    page = "next=%2Forganizations%2Facme%2Fissues%2FWEB-1%2F%3Fperiod%3D24h&" if after else ""
    assert answer.headers["location"] == f"/sign-in/?{page}unsaved=1"
    said = "so nothing was stored"
    assert said in browser.get(answer.headers["location"]).text
    assert said not in browser.get("/sign-in/").text


def test_a_form_of_what_was_deleted_says_where_the_text_is(owner):
    path = "/organizations/acme/issues/WEB-1/comments/"
    kept = "If you typed something, go back"
    answer = owner.post(path, data={"text": "Long thoughts"}, headers=OWN_PAGE)
    assert (answer.status_code, kept in answer.text) == (404, True)
    answer = owner.get("/organizations/acme/issues/WEB-1/")
    assert (answer.status_code, kept in answer.text) == (404, False)


def test_an_address_of_forms_says_so(owner):
    path = "/organizations/acme/issues/WEB-1/comments/"
    answer = owner.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 405
    assert "This address takes what a form sends." in answer.text


def test_the_home_page_asks_to_sign_in_without_a_detour(browser):
    assert browser.get("/").headers["location"] == "/sign-in/"


def test_the_home_page_leads_to_the_newest_organization(owner):
    assert owner.get("/").headers["location"] == LIST


def test_somebody_in_no_organization_learns_what_to_do(house, browser):
    house.sign_in(browser, house.person("new@example.com", None))
    answer = browser.get("/")
    assert answer.status_code == 200
    assert "You are not in an organization yet" in answer.text


def test_the_right_password_begins_a_session(browser):
    answer = _sign_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert {it.lower() for it in attributes} == {
        "httponly", "max-age=1209600", "path=/", "samesite=lax",
    }  # fmt: skip
    assert browser.get(LIST).status_code == 200


def test_the_address_counts_in_any_case(browser):
    assert _sign_in(browser, email=" Owner@Example.com ").status_code == 303


def test_the_cookie_is_for_https_only_where_the_server_is_reached_so(open_browser):
    browser = open_browser(base_url="https://example.com")
    assert "Secure" in _sign_in(browser).headers["set-cookie"]


@pytest.mark.parametrize("email", ["owner@example.com", "nobody@example.com", "", "\x00"])
def test_a_wrong_password_or_address_gets_the_same_sentence(browser, email):
    answer = _sign_in(browser, email=email, password="not this one")
    assert answer.status_code == 401
    assert "Incorrect email or password." in answer.text
    assert "set-cookie" not in answer.headers


def test_the_form_keeps_the_address_and_never_the_password(browser):
    answer = _sign_in(browser, email='"><script>', password="not this one")
    assert "&#34;&gt;&lt;script&gt;" in answer.text
    assert "not this one" not in answer.text


def test_somebody_signed_in_needs_no_form(owner):
    answer = owner.get("/sign-in/", params={"next": LIST})
    assert (answer.status_code, answer.headers["location"]) == (303, LIST)


def test_signing_in_leads_on_to_the_page_that_was_asked_for(browser):
    assert _sign_in(browser, after=LIST + "?page=2").headers["location"] == LIST + "?page=2"


@pytest.mark.parametrize(
    "after",
    [
        "//evil.example.com/",
        "/\\evil.example.com",
        "\\\\evil.example.com",
        "/\t/evil.example.com",
        "/\r\nSet-Cookie: a=b",
        "https://evil.example.com/",
        "javascript:alert(1)",
        "evil",
        "",
    ],
)
def test_signing_in_never_leads_to_another_site(browser, after):
    assert _sign_in(browser, after=after).headers["location"] == "/"


def test_signing_out_ends_the_session_for_everybody_who_has_the_cookie(owner):
    secret = owner.cookies[COOKIE]
    answer = owner.post("/sign-out/", headers=OWN_PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/")
    owner.cookies.clear()
    owner.cookies.set(COOKIE, secret)
    assert owner.get(LIST).status_code == 303


def test_signing_out_without_a_session_is_fine(browser):
    assert browser.post("/sign-out/", headers=OWN_PAGE).status_code == 303


def test_a_form_that_is_no_form_is_refused_with_a_page(browser):
    answer = browser.post("/sign-in/", content=b"\xff\xfe", headers=OWN_PAGE)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


def test_a_form_over_the_limit_is_refused(browser):
    answer = browser.post("/sign-in/", content=b"a" * 70_000, headers=OWN_PAGE)
    assert answer.status_code == 413
