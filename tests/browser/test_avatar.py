"""A photo of any shape becomes an avatar: the browser shows it before it is sent, and cuts it to a square."""

import re

import pytest
from browser.chromium import sign_in
from pictures import picture
from playwright.sync_api import Page, expect


@pytest.fixture
def page(page: Page) -> Page:
    """A page whose user is signed in."""
    sign_in(page)
    return page


@pytest.mark.parametrize("size", [(2000, 900), (64, 100)])
def test_a_photo_is_shown_cut_and_saved(page: Page, size: tuple[int, int]) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto("/organizations/acme/settings/general/")
    photo = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture("JPEG", *size)}
    page.get_by_label("Photo").set_input_files(files=[photo])
    preview = page.locator("[data-preview] img")
    expect(preview).to_have_attribute("src", re.compile("^data:image/jpeg;base64,"))
    page.get_by_role("button", name="Save photo").click()
    expect(page.get_by_text("Saved the avatar.")).to_be_visible()
    expect(preview).to_have_attribute("src", re.compile("^/organization-avatar/"))
    expect(page.locator(".side .org img")).to_be_visible()
    assert complaints == []


def test_what_is_no_image_is_left_to_the_server(page: Page) -> None:
    page.goto("/account/avatar/")
    text = {"name": "a.png", "mimeType": "image/png", "buffer": b"no photo"}
    page.get_by_label("Photo").set_input_files(files=[text])
    page.get_by_role("button", name="Save photo").click()
    expect(page.get_by_role("alert")).to_have_text("Invalid image format.")
