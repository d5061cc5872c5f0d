"""What the keys of pages do, and the zone of times, in a real browser."""

import re

import pytest
from browser.chromium import sign_in
from browser.conftest import OpenPage
from browser.servers import Server
from playwright.sync_api import Page, expect

REPOSITORIES = "/organizations/acme/settings/repositories/"


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """The page of a person who is signed in."""
    page = open_page(timezone_id="America/New_York", locale="en-US")
    sign_in(page)
    page.goto("/account/")
    return page


def test_keys_act_until_they_are_turned_off(page: Page) -> None:
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page).to_have_url(re.compile("/issues/$"))

    for name in ("acme/a", "acme/b"):
        page.goto(REPOSITORIES)
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Add repository").click()
    page.goto(REPOSITORIES)
    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", level=1)).to_have_text("acme/b")

    page.goto("/account/")
    page.get_by_role("button", name="Turn off single keys").click()
    expect(page.get_by_text("Saved the preferences of this browser.")).to_be_visible()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.get_by_title("Account").click()
    page.get_by_role("link", name="Keyboard shortcuts").first.click()
    expect(dialog).to_be_visible()


def test_keys_act_as_soon_as_a_dialog_is_closed(page: Page) -> None:
    # In one task: no frame is drawn between them.
    page.evaluate("""() => {
      const dialog = document.getElementById("keys");
      dialog.showModal();
      dialog.close();
      for (const key of ["g", "i"])
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }""")
    expect(page).to_have_url(re.compile("/issues/$"))


def test_m_opens_the_menu_that_assigns(page: Page, server: Server) -> None:
    server.fail("keys@1.0.0", "PressedError", "A key was pressed")
    page.goto("/organizations/acme/issues/?query=PressedError")
    for key in ("j", "x", "m"):
        page.keyboard.press(key)
    with page.expect_navigation():
        page.get_by_role("button", name="No assignee").click()
    with page.expect_navigation():
        page.get_by_role("link", name=re.compile("^PressedError")).click()
    page.keyboard.press("m")
    page.get_by_role("button", name="Me", exact=True).click()
    expect(page.get_by_role("region", name="Activity")).to_contain_text("assigned it to")


def test_j_and_k_lead_through_the_list_that_an_issue_was_opened_from(
    page: Page, server: Server
) -> None:
    for name in ("FirstError", "SecondError"):
        server.fail("listed@1.0.0", name, "It is listed")
    page.goto("/organizations/acme/issues/?query=release:listed@1.0.0")
    page.keyboard.press("j")
    # A page takes keys when its scripts are loaded, which is after its text is there.
    for key, name in (("Enter", "SecondError"), ("j", "FirstError"), ("k", "SecondError")):
        with page.expect_navigation():
            page.keyboard.press(key)
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_times_are_in_the_browsers_zone_or_in_the_chosen_one(page: Page, server: Server) -> None:
    created = page.get_by_role("region", name="Sessions").locator("time").first
    expect(created).to_have_attribute("title", re.compile("E[SD]T$"))
    server.publish("zone@1.0.0")
    server.deploy("zone@1.0.0", "zone")
    page.goto("/organizations/acme/timeline/?environment=zone")
    bar = page.locator(".span > title")
    expect(bar).to_contain_text(re.compile("deployed .* E[SD]T, live now"))
    page.goto("/account/")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save time zone").click()
    expect(created).to_have_attribute("title", re.compile(r"GMT\+9$"))
    page.goto("/organizations/acme/timeline/?environment=zone")
    expect(bar).to_contain_text(re.compile(r"deployed .* GMT\+9, live now"))


def test_who_sends_a_form_begins_at_the_wrong_field_or_at_the_result(page: Page) -> None:
    page.goto("/organizations/acme/settings/general/")
    for name, focused in (("", page.get_by_label("Name")), ("acme", page.get_by_role("status"))):
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Save settings").click()
        expect(focused).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Saved the settings.")
    page.goto("/organizations/acme/settings/general/")
    expect(page.locator("body")).to_be_focused()


def test_a_menu_closes_when_the_focus_leaves_it(page: Page) -> None:
    menu = page.get_by_title("Account").locator("xpath=..")
    page.get_by_title("Account").press("Enter")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    expect(menu).to_have_attribute("open", "")
    page.get_by_label("Name").focus()
    expect(menu).not_to_have_attribute("open", "")
