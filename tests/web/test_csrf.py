"""Which requests may change something (decision 0005)."""

import pytest

from shipmark.web.csrf import is_same_origin

HOST = "testserver.local"


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_page_of_ours_or_the_person_alone_may(site):
    assert is_same_origin(site=site, origin=None, host=HOST)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Same-Origin"])
def test_what_the_browser_says_of_the_site_decides_alone(site):
    assert not is_same_origin(site=site, origin=f"http://{HOST}", host=HOST)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://example.com", "example.com"),
        ("https://EXAMPLE.com", "example.com"),
        ("http://example.com:8000", "example.com:8000"),
        ("https://example.com", "example.com:443"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_an_older_browser_shows_its_origin(origin, host):
    assert is_same_origin(site=None, origin=origin, host=host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "example.com"),
        ("", "example.com"),
        ("null", "example.com"),
        ("http://evil.example.com", "example.com"),
        ("http://example.com:8001", "example.com:8000"),
        ("http://example.com.evil.org", "example.com"),
        ("http://user@example.com", "example.com"),
        ("ftp://example.com", "example.com"),
        ("http://[broken", "[broken"),
        ("http://example.com", None),
    ],
)
def test_anything_else_is_refused(origin, host):
    assert not is_same_origin(site=None, origin=origin, host=host)


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-out/"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
    ],
)
def test_every_form_is_guarded(owner, path, headers):
    answer = owner.post(path, headers=headers)
    assert answer.status_code == 403
    assert "This form was not sent from a page of this server." in answer.text
    assert owner.get("/organizations/acme/releases/").status_code == 200


def test_a_form_with_our_origin_is_let_in(owner):
    answer = owner.post("/sign-out/", headers={"Origin": f"http://{HOST}"})
    assert answer.status_code == 303
