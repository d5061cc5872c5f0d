"""A person in a browser, with scripts or without."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from browser.chromium import new_context, sign_in
from browser.conftest import OpenPage
from browser.filling import run
from browser.servers import EMAIL, PASSWORD, Server
from playwright.sync_api import Browser, Locator, Page, expect


@dataclass(frozen=True)
class Person:
    """The owner of acme on a page of theirs, and the server with what clients send to it."""

    page: Page
    server: Server
    has_scripts: bool
    open_page: OpenPage

    def go(self, path: str) -> None:
        """Load a page of acme."""
        self.page.goto(f"/organizations/acme/{path}")

    def follow(self, name: str | re.Pattern[str], within: Page | Locator | None = None) -> None:
        """Follow a link."""
        (within or self.page).get_by_role("link", name=name).first.click()

    def press(self, name: str, within: Page | Locator | None = None) -> None:
        """Press the button of this name."""
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    def fill(self, label: str, text: str, within: Page | Locator | None = None) -> None:
        """Type into a field."""
        (within or self.page).get_by_label(label, exact=True).fill(text)

    def choose(
        self, label: str, option: str, button: str = "Apply", within: Page | Locator | None = None
    ) -> None:
        """Choose from a list, which applies at once with scripts, and by its button without."""
        choice = (within or self.page).get_by_label(label, exact=True)
        if self.has_scripts:
            # The list applies itself only once the scripts of the page have run.
            self.page.wait_for_load_state()
            with self.page.expect_navigation():
                choice.select_option(label=option)
        else:
            choice.select_option(label=option)
            self.press(button, within)

    def open_menu(self, name: str, within: Page | Locator | None = None) -> Locator:
        """Open a menu by the name of its button."""
        page = self.page
        named = page.get_by_label(name, exact=True).or_(page.get_by_title(name, exact=True))
        named = named.or_(page.get_by_text(name, exact=True))
        button = (within or page).locator("details.menu > summary:visible").and_(named)
        button.click()
        return button.locator("xpath=..")

    def see(self, text: str | re.Pattern[str], within: Page | Locator | None = None) -> None:
        """Expect a text on the page."""
        expect((within or self.page).get_by_text(text).filter(visible=True).first).to_be_visible()

    def see_heading(self, name: str) -> None:
        """Expect the heading of the page."""
        expect(self.page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()

    def see_problem(self, text: str | re.Pattern[str]) -> None:
        """Expect a message about what is wrong."""
        expect(self.page.get_by_role("alert").filter(has_text=text)).to_be_visible()

    def see_done(self, text: str) -> None:
        """Expect a message about what was done."""
        expect(self.page.get_by_role("status").filter(has_text=text)).to_be_visible()

    def row(self, text: str) -> Locator:
        """Return the row of a table that has a text."""
        return self.page.locator("tbody").get_by_role("row").filter(has_text=text)

    def card(self, name: str) -> Locator:
        """Return the part of the page of this name."""
        return self.page.get_by_role("region", name=name, exact=True)

    def another(self, email: str) -> "Person":
        """Return a new user of acme, in a browser of their own, with the password of all."""
        user = ["--password", PASSWORD, "--name", email.partition("@")[0].title()]
        run(self.server, "user", "create", email, *user, "--org", "acme")
        return self.again(email)

    def again(self, email: str) -> "Person":
        """Return a user in a further browser."""
        page = self.open_page(java_script_enabled=self.has_scripts)
        sign_in(page, email)
        return Person(page, self.server, self.has_scripts, self.open_page)


def signed_in_owner(chromium: Browser, server: Server, *, has_scripts: bool) -> Iterator[Page]:
    """Open the owner's page on a server with what journeys need, and close it; it may not complain of an error."""
    run(server, "org", "create", "empty")
    run(
        server, "user", "create", EMAIL, "--password", PASSWORD, "--org", "empty", "--role", "owner"
    )
    errors: list[str] = []
    context = new_context(chromium, server, java_script_enabled=has_scripts)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    sign_in(page)
    yield page
    context.close()
    assert errors == []
