"""Addresses of the reference that clients print or open in a browser."""

import pytest

SETTINGS = "/organizations/acme/settings/"
TOKENS = "/orgredirect/organizations/:orgslug/settings/auth-tokens/"


@pytest.mark.parametrize(
    ("address", "page"),
    [
        (TOKENS, f"{SETTINGS}tokens/"),
        ("/settings/acme/", f"{SETTINGS}general/"),
        ("/settings/acme/repos/", f"{SETTINGS}repositories/"),
        ("/settings/acme/projects/web/", f"{SETTINGS}projects/web/"),
    ],
)
def test_a_link_of_a_client_leads_to_the_page(owner, address, page):
    answer = owner.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert owner.get(page).status_code == 200


def test_tokens_of_no_organization_lead_to_the_sign_in(browser):
    assert browser.get(TOKENS).headers["location"].startswith("/sign-in/")


def test_names_in_links_stay_names(owner):
    answer = owner.get("/settings/evil.example.com%3F/projects/%0D%0A@/")
    location = "/organizations/evil.example.com%3F/settings/projects/%0D%0A%40/"
    assert answer.headers["location"] == location
