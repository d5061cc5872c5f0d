"""What scripts add to charts and to the fields of a comparison."""

from browser.chromium import browsing, sign_in
from browser.servers import Server
from playwright.sync_api import Browser, expect


def test_steps_of_charts_and_suggested_releases_are_reached_by_keys(
    chromium: Browser, server: Server
) -> None:
    with browsing(chromium, server) as page:
        for version in ("web@7.0.0", "api@7.1.0", "web@7.1.0", "web@7.2.0"):
            server.publish(version)
        server.deploy("web@7.2.0", "production")
        server.send_event(release="web@7.2.0", message="It works")
        sign_in(page)

        page.goto("/organizations/acme/releases/web%407.2.0/")
        page.get_by_role("group", name="Events of 7.2.0").get_by_role("img").last.focus()
        expect(page.locator(".tip")).to_contain_text("old")
        for _ in range(23):
            page.keyboard.press("ArrowLeft")
        expect(page.locator(".tip")).to_contain_text("7.2.0: 1 event")
        page.keyboard.press("Escape")
        expect(page.locator(".tip")).to_be_hidden()

        page.goto("/organizations/acme/releases/web%407.2.0/compare/")
        base = page.get_by_role("combobox", name="Base")
        base.fill("7.1")
        options = page.get_by_role("option")
        expect(options).to_have_count(2)
        expect(options.first).to_contain_text("web@7.1.0")
        expect(options.first.locator("b")).to_have_text("7.1")
        base.press("ArrowDown")
        expect(options.first).to_have_attribute("aria-selected", "true")
        base.press("Enter")
        expect(base).to_have_value("web@7.1.0")
        expect(page.get_by_role("listbox")).to_be_hidden()
        base.fill("api")
        base.press("Escape")
        expect(page.get_by_role("listbox")).to_be_hidden()
        base.fill("7.0.0")
        base.press("Enter")
        expect(page.get_by_role("combobox", name="Base")).to_have_value("web@7.0.0")
