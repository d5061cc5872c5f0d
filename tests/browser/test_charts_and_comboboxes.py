"""What scripts add to charts and to the fields of a comparison."""

from pathlib import Path

import pytest
from browser.chromium import CHROMIUM, browsing, sign_in
from browser.servers import empty_server
from playwright.sync_api import expect

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium")


def test_steps_of_charts_and_suggested_releases_are_reached_by_keys(tmp_path: Path) -> None:
    with empty_server(tmp_path / "data") as server, browsing(server) as page:
        for version in ("web@1.0.0", "api@1.1.0", "web@1.1.0", "web@1.2.0"):
            server.publish(version)
        server.deploy("web@1.2.0", "production")
        server.send_event(release="web@1.2.0", message="It works")
        sign_in(page)

        page.goto("/organizations/acme/releases/web%401.2.0/")
        page.get_by_role("group", name="Events of 1.2.0").get_by_role("img").last.focus()
        expect(page.locator(".tip")).to_contain_text("old")
        for _ in range(23):
            page.keyboard.press("ArrowLeft")
        expect(page.locator(".tip")).to_contain_text("1.2.0: 1 event")
        page.keyboard.press("Escape")
        expect(page.locator(".tip")).to_be_hidden()

        page.goto("/organizations/acme/releases/web%401.2.0/compare/")
        base = page.get_by_role("combobox", name="Base")
        base.fill("1.1")
        options = page.get_by_role("option")
        expect(options).to_have_count(2)
        expect(options.first).to_contain_text("web@1.1.0")
        expect(options.first.locator("b")).to_have_text("1.1")
        base.press("ArrowDown")
        expect(options.first).to_have_attribute("aria-selected", "true")
        base.press("Enter")
        expect(base).to_have_value("web@1.1.0")
        expect(page.get_by_role("listbox")).to_be_hidden()
        base.fill("api")
        base.press("Escape")
        expect(page.get_by_role("listbox")).to_be_hidden()
        base.fill("1.0.0")
        base.press("Enter")
        expect(page.get_by_role("combobox", name="Base")).to_have_value("web@1.0.0")
