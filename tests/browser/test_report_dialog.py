"""The dialog of ``showReportDialog()`` on the page of somebody else."""

from urllib.parse import urlencode

from axe_playwright_python.base import AXE_SCRIPT
from browser.conftest import OpenPage
from browser.servers import Server
from playwright.sync_api import expect

EVENT_ID = "b" * 32


def test_a_user_says_what_happened(open_page: OpenPage, server: Server) -> None:
    dsn = f"{server.address.replace('://', f'://{server.key}@')}/{server.project_id}"
    query = {"dsn": dsn, "eventId": EVENT_ID, "name": "Jane"}
    page = open_page()
    page.set_content("<html lang=en><title>Shop</title><main><h1>Shop</h1></main>")
    page.evaluate("window.addEventListener('message', (it) => { window.told = it.data; })")
    page.add_script_tag(url=f"{server.address}/api/embed/error-page/?{urlencode(query)}")

    dialog = page.get_by_role("dialog", name="It looks like we're having issues.")
    expect(dialog).to_be_visible()
    page.evaluate(AXE_SCRIPT)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of both
        found = page.evaluate("axe.run().then((said) => said.violations)")
        assert [it["id"] for it in found if it["impact"] in ("serious", "critical")] == []

    expect(page.get_by_label("Name")).to_have_value("Jane")
    page.get_by_label("What happened?").fill("It broke.")
    page.get_by_role("button", name="Submit crash report").click()
    expect(page.get_by_text("Your feedback has been sent. Thank you!")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    # The message comes after the dialog has gone.
    page.wait_for_function("window.told === '__sentry_reportdialog_closed__'")
