"""Journeys through what all pages have: menus, search, preferences."""

import re

from browser.journeys.person import Person
from browser.servers import EMAIL, PASSWORD
from playwright.sync_api import expect


def sign_in_and_out(person: Person) -> None:
    """Be asked to sign in, mistype, come to the requested page, and sign out."""
    page = person.open_page(java_script_enabled=person.has_scripts)
    guest = Person(page, person.server, person.has_scripts, person.open_page)
    guest.go("timeline/")
    guest.see_heading("Sign in to Shipmark")
    guest.fill("Email address", EMAIL)
    guest.fill("Password", "wrong horse")
    guest.press("Sign in")
    guest.see_problem("Incorrect")
    expect(page.get_by_label("Email address")).to_have_value(EMAIL)
    guest.fill("Password", PASSWORD)
    guest.press("Sign in")
    guest.see_heading("Timeline")
    guest.press("Sign out", guest.open_menu("Account"))
    guest.see_heading("Sign in to Shipmark")
    page.goto("/account/")
    guest.see_heading("Sign in to Shipmark")


def choose_a_theme(person: Person) -> None:
    """Choose the dark theme, which stays, and the system's again."""
    page = person.page
    person.go("releases/")
    root = page.locator("html")
    person.press("Dark", person.open_menu("Account"))
    expect(root).to_have_attribute("data-theme", "dark")
    person.follow("Issues", page.get_by_label("Organization"))
    person.see_heading("Issues")
    expect(root).to_have_attribute("data-theme", "dark")
    person.press("System", person.open_menu("Account"))
    expect(root).not_to_have_attribute("data-theme", "dark")
    person.see_heading("Issues")


def use_a_phone(person: Person) -> None:
    """Go from section to section, filter and choose a theme in a narrow window."""
    person.server.publish("phone@1.0.0")
    # A window of its own, which no other journey finds narrow.
    person = person.again(EMAIL)
    page = person.page
    page.set_viewport_size({"width": 390, "height": 800})
    person.go("releases/")
    expect(page.locator(".side")).to_be_hidden()
    person.follow("Issues", page.get_by_label("Sections"))
    person.see_heading("Issues")
    person.follow("Releases", page.get_by_label("Sections"))
    expect(page.get_by_label("Status", exact=True)).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    person.choose("Status", "Any status")
    expect(page).to_have_url(re.compile("status=any"))
    person.press("Dark", person.open_menu("Account"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    person.press("System", person.open_menu("Account"))
    person.follow("empty", person.open_menu("More"))
    expect(page).to_have_url(re.compile("/organizations/empty/releases/$"))


def switch_organizations(person: Person) -> None:
    """Go to another organization, which is then the one to come home to, and back."""
    page = person.page
    person.go("issues/")
    person.follow("empty", person.open_menu("Switch organization"))
    expect(page).to_have_url(re.compile("/organizations/empty/releases/$"))
    page.goto("/")
    expect(page).to_have_url(re.compile("/organizations/empty/"))
    person.follow("acme", person.open_menu("Switch organization"))
    expect(page).to_have_url(re.compile("/organizations/acme/releases/$"))


def search_everything(person: Person) -> None:
    """Search from any page: in a dialog with scripts, else on its own page; an exact name leads to what has it."""
    page = person.page
    person.server.publish("sought@3.2.1")
    person.go("issues/")
    person.follow(re.compile("^Search"), page.locator(".side"))
    field = page.get_by_role("searchbox", name="Search everything")
    field.fill("sought@3")
    field.press("Enter")
    results = person.card("Results")
    expect(results).to_contain_text("3.2.1")
    person.see_heading("Search")
    person.fill("Search everything", "nothing-like-it", page.get_by_role("main"))
    person.press("Search")
    person.see("No results for “nothing-like-it”")
    person.fill("Search everything", "sought@3.2.1", page.get_by_role("main"))
    person.press("Search")
    person.see_heading("3.2.1")


def read_and_turn_off_keys(person: Person) -> None:
    """Read the list of keys, and turn single keys off and on."""
    page = person.page
    person.go("releases/")
    person.follow("Keyboard shortcuts", person.open_menu("Account"))
    if person.has_scripts:
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(dialog).to_be_visible()
        person.press("Close", dialog)
        expect(dialog).to_be_hidden()
        page.goto("/keys/")
    else:
        # Searches by text leave out what is in this element.
        expect(page.locator("noscript > p")).to_contain_text("They need JavaScript")
        expect(page.locator("noscript > p")).to_be_visible()
        expect(page.locator(".side .find kbd")).to_be_hidden()
    person.see_heading("Keyboard shortcuts")
    person.follow("account settings", page.get_by_role("main"))
    person.press("Turn off single keys")
    person.see_done("Saved the preferences of this browser.")
    person.see("are turned off")
    person.press("Turn on single keys")
    person.see("are turned on")


def choose_a_time_zone(person: Person) -> None:
    """Choose a zone for absolute times, and the browser's own again."""
    page = person.page
    page.goto("/account/")
    signed_in = person.card("Sessions").locator("time").first
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    person.press("Save time zone")
    person.see_done("Saved the preferences of this browser.")
    expect(signed_in).to_have_attribute("title", re.compile(r"GMT\+9|JST|\+09"))
    page.get_by_label("Time zone").select_option("browser")
    person.press("Save time zone")
    expect(page.get_by_label("Time zone")).to_have_value("browser")


JOURNEYS = [
    sign_in_and_out,
    choose_a_theme,
    use_a_phone,
    switch_organizations,
    search_everything,
    read_and_turn_off_keys,
    choose_a_time_zone,
]
