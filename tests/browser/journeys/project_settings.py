"""Journeys through the settings of a project."""

import re

from browser.journeys.person import Person
from playwright.sync_api import expect


def lead_a_project_through_its_life(person: Person) -> None:
    """Create a project, rename it, limit its commits, give it a URL for builds, and delete it."""
    page = person.page
    person.go("settings/projects/")
    person.press("Create project")
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    person.fill("Name", "Mobile")
    person.fill("Platform", "python")
    person.press("Create project")
    person.go("settings/projects/")
    person.follow("Settings of mobile")
    person.see_heading("Mobile")
    person.fill("Name", "Mobile apps")
    person.press("Save project")
    person.see_done("Saved the project.")
    person.see_heading("Mobile apps")
    person.fill("Folders", "apps/ios\napps/android")
    person.press("Save commit paths")
    person.see_done("Saved the commit paths.")
    expect(page.get_by_label("Folders")).to_have_value("apps/ios\napps/android")

    tabs = page.get_by_label("Settings of mobile").and_(page.get_by_role("navigation"))
    person.follow("Release webhook", tabs)
    person.press("Create URL")
    url = person.card("URL").locator("code")
    former = url.inner_text()
    person.press("Regenerate URL", person.open_menu("Regenerate"))
    person.see_done("Made a new URL.")
    expect(url).not_to_have_text(former)

    person.follow("General", tabs)
    person.follow("Delete project")
    person.fill("Type mobile to confirm", "web")
    person.press("Delete project")
    expect(page.get_by_label("Type mobile to confirm")).to_have_attribute("aria-invalid", "true")
    person.fill("Type mobile to confirm", "mobile")
    person.press("Delete project")
    person.see_heading("Projects")
    expect(page.get_by_text("Mobile apps")).to_have_count(0)


def keep_client_keys(person: Person) -> None:
    """Create a key, rename, disable, enable and delete it."""
    page = person.page
    person.go("settings/projects/web/keys/")
    person.fill("Name", "Kiosk", person.card("Create a key"))
    person.press("Create key")
    key = person.card("Kiosk")
    expect(key.locator("code")).to_contain_text("@")
    rename = person.open_menu("Rename Kiosk")
    person.fill("Name", "", rename)
    person.press("Save name", rename)
    expect(rename.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    person.fill("Name", "Terminal", rename)
    person.press("Save name", rename)
    key = person.card("Terminal")
    person.press("Disable key", person.open_menu("Disable Terminal"))
    expect(key).to_contain_text("Disabled")
    person.press("Enable Terminal")
    expect(key).not_to_contain_text("Disabled")
    person.press("Delete key", person.open_menu("Delete Terminal"))
    expect(page.get_by_role("heading", name="Terminal")).to_have_count(0)


def set_a_threshold(person: Person) -> None:
    """Create a threshold, after a mistake; change and delete it."""
    page = person.page
    person.go("settings/projects/web/thresholds/")
    person.fill("Limit", "many")
    person.fill("Within", "6")
    person.press("Create threshold")
    expect(page.get_by_label("Limit")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Limit")).to_have_value("many")
    person.fill("Limit", "77")
    person.press("Create threshold")
    row = person.row("77")
    expect(row).to_contain_text("within 6")
    person.follow(re.compile("^Change"), row)
    expect(page.get_by_label("Limit")).to_have_value("77")
    person.fill("Limit", "88")
    person.press("Save threshold")
    row = person.row("88")
    row.locator("summary").click()
    person.press("Delete threshold", row)
    expect(row).to_have_count(0)


def choose_what_is_kept_of_events(person: Person) -> None:
    """Name a sensitive field, and drop some events, after a mistake; then none any more."""
    page = person.page
    person.go("settings/projects/web/data/")
    person.fill("Sensitive fields", "account_number")
    page.get_by_label("Remove IP addresses").check()
    person.press("Save data scrubbing")
    person.see_done("Saved what is removed.")
    expect(page.get_by_label("Sensitive fields")).to_have_value("account_number")
    expect(page.get_by_label("Remove IP addresses")).to_be_checked()
    person.fill("IP addresses", "nowhere")
    page.get_by_label("Events of web crawlers").check()
    person.press("Save filters")
    expect(page.get_by_label("IP addresses", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Events of web crawlers")).to_be_checked()
    person.fill("IP addresses", "198.51.100.0/24")
    person.press("Save filters")
    person.see_done("Saved the filters.")
    expect(page.get_by_label("Events of web crawlers")).to_be_checked()
    # What other journeys send may be taken for a crawler's.
    page.get_by_label("Events of web crawlers").uncheck()
    person.fill("IP addresses", "")
    person.press("Save filters")
    expect(page.get_by_label("Events of web crawlers")).not_to_be_checked()


JOURNEYS = [
    lead_a_project_through_its_life,
    keep_client_keys,
    set_a_threshold,
    choose_what_is_kept_of_events,
]
