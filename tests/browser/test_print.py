"""What is printed: the content of a page, on white."""

import pytest
from browser.chromium import new_context, sign_in
from browser.pages import ACME

#: The width of A4 less the margins of the style sheet, in pixels.
_A4 = 725
_OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
#: Boxes that would scroll, which paper does not.
_CUT = """
() => [...document.querySelectorAll(".scroll")].filter((it) => getComputedStyle(it).overflowX !== "visible").length
"""
_LIGHTNESS = "() => getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"


@pytest.fixture
def printed(chromium, filled):
    """A page of a reader who has chosen the dark theme, as it is printed."""
    with new_context(chromium, filled.server, viewport={"width": _A4, "height": 1000}) as context:
        theme = {"name": "shipmark_theme", "value": "dark", "url": filled.server.address}
        context.add_cookies([theme])
        page = context.new_page()
        sign_in(page)
        page.emulate_media(media="print")
        yield page


@pytest.mark.parametrize("path", ["issues/WEB-1/", "releases/web%402.0.0/", "releases/"])
def test_pages_are_printed_on_white_without_what_is_pressed(printed, path):
    printed.goto(f"{ACME}/{path}")
    assert printed.locator("html").get_attribute("data-theme") == "dark"
    assert min(printed.evaluate(_LIGHTNESS)) > 200
    assert printed.get_by_role("heading", level=1).is_visible()
    assert [each for each in printed.locator(".btn, textarea").all() if each.is_visible()] == []


@pytest.mark.parametrize("path", ["delivery/", "timeline/", "releases/web%402.0.0/compare/"])
def test_tables_are_printed_whole(printed, path):
    printed.goto(f"{ACME}/{path}")
    assert printed.evaluate(_OVERFLOW) <= 0
    assert printed.evaluate(_CUT) == 0


def test_what_a_page_is_filtered_by_is_printed(printed):
    printed.goto(f"{ACME}/delivery/?period=30d")
    assert printed.get_by_label("Environment").is_visible()
    assert printed.get_by_label("30 days", exact=True).is_visible()
    assert not printed.get_by_label("12 weeks", exact=True).is_visible()
    printed.goto(f"{ACME}/releases/?query=2.0")
    assert printed.get_by_label("Search releases").is_visible()
    printed.goto(f"{ACME}/releases/")
    assert not printed.get_by_label("Search releases").is_visible()
