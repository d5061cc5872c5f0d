"""The guide's check marks, and lines with a token that was just made."""

from pathlib import Path

from browser.chromium import browsing, sign_in
from browser.servers import empty_server
from playwright.sync_api import Browser, expect


def test_check_marks_appear_while_the_page_is_open(chromium: Browser, tmp_path: Path) -> None:
    with empty_server(tmp_path / "data") as server, browsing(chromium, server) as page:
        sign_in(page)
        page.get_by_role("link", name="Open the setup guide").click()
        # The page follows the stream, and asks for itself only when something arrives.
        with page.expect_response("**/live/**"):
            page.get_by_role("button", name="Create a token").click()
        settings = page.locator(".cmd", has_text="SENTRY_AUTH_TOKEN")
        expect(settings).to_contain_text("sntrys_")
        expect(page.get_by_text("The check marks appear as things arrive.")).to_be_visible()
        expect(page.get_by_text("0 of 4")).to_be_visible()

        server.send_event(release="web@1.0.0", message="It works")
        expect(page.get_by_text("First error received")).to_be_visible()
        expect(page.get_by_text("2 of 4")).to_be_visible()
        expect(settings).to_contain_text("sntrys_")
