"""Journeys through a person's own account."""

import re

from browser.journeys.person import Person
from browser.servers import PASSWORD
from pictures import picture
from playwright.sync_api import expect


def change_name_and_avatar(person: Person) -> None:
    """Change the name that others see, and show a photo, then letters again."""
    user = person.another("nina@example.com")
    user.page.goto("/account/")
    user.fill("Name", "Nina Berg")
    user.press("Save name")
    user.see_done("Saved the name.")
    menu = user.page.get_by_title("Account", exact=True)
    expect(menu).to_contain_text("Nina Berg")
    photo = {"name": "a.png", "mimeType": "image/png", "buffer": picture("PNG", 256, 256)}
    user.page.get_by_label("Photo").set_input_files(files=[photo])
    user.press("Save photo")
    user.see_done("Saved the avatar.")
    expect(menu.locator("img")).to_be_visible()
    user.press("Show letters")
    expect(menu).to_contain_text("NB")


def change_the_password(person: Person) -> None:
    """Mistype the current password, choose a short one, then change it and sign in with it."""
    user = person.another("paul@example.com")
    page = user.page
    page.goto("/account/")
    card = user.card("Password")
    for current, new, problem in (
        ("wrong horse", "correct horse staple", "Incorrect password."),
        (PASSWORD, "short", "A password has at least"),
    ):
        user.fill("Current password", current, card)
        user.fill("New password", new, card)
        user.press("Change password")
        user.see_problem(problem)
    user.fill("Current password", PASSWORD)
    user.fill("New password", "correct horse staple")
    user.press("Change password")
    user.see_done("Changed the password.")
    user.press("Sign out", user.open_menu("Account"))
    user.fill("Email address", "paul@example.com")
    user.fill("Password", "correct horse staple")
    user.press("Sign in")
    user.see_heading("Releases")


def end_sessions(person: Person) -> None:
    """End the session of one other browser, then those of all others, which must sign in again."""
    user = person.another("sara@example.com")
    second = user.again("sara@example.com")
    user.page.goto("/account/")
    sessions = user.card("Sessions")
    expect(sessions.locator("tbody").get_by_role("row")).to_have_count(2)
    sessions.get_by_role("button", name=re.compile("^End the session of")).click()
    user.see_done("Ended the session.")
    user.see("You are signed in here and nowhere else.")
    second.page.reload()
    second.see_heading("Sign in to Shipmark")

    third = user.again("sara@example.com")
    user.page.reload()
    user.press("End other sessions")
    user.see_done("Ended all other sessions.")
    third.page.reload()
    third.see_heading("Sign in to Shipmark")
    user.press("Sign out of this browser")
    user.see_heading("Sign in to Shipmark")


def make_and_revoke_a_token(person: Person) -> None:
    """Forget the name and the scopes, then make a token by a preset, which is shown once, and revoke it."""
    page = person.page
    page.goto("/account/")
    person.follow("Auth tokens", page.get_by_label("Account").and_(page.get_by_role("navigation")))
    person.press("Create token")
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Presets of scopes").get_by_role("link").first.click()
    expect(page.get_by_role("checkbox", checked=True)).not_to_have_count(0)
    person.fill("Name", "own laptop")
    person.press("Create token")
    person.see_done("Created token own laptop")
    person.see(re.compile("^sntryu_[0-9a-f]{20}"))
    page.goto("/account/tokens/")
    expect(page.get_by_text(re.compile("^sntryu_[0-9a-f]{20}"))).to_have_count(0)
    person.press("Revoke token", person.open_menu("Revoke own laptop"))
    expect(person.row("own laptop")).to_have_count(0)


JOURNEYS = [change_name_and_avatar, change_the_password, end_sessions, make_and_revoke_a_token]
