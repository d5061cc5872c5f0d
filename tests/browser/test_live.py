"""The list of releases follows what another program publishes and deploys."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from browser.chromium import browsing, sign_in
from browser.conftest import OpenPage
from browser.servers import Server, empty_server
from playwright.sync_api import Browser, expect

#: Far more than a server takes that has nothing to wait for, and less than the 30 s that it is given.
STOP_SECONDS_MAX = 20.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with empty_server(tmp_path / "data", workers=2) as started:
        yield started


def test_releases_and_deploys_appear_and_the_server_stops_at_once(
    chromium: Browser, server: Server
) -> None:
    server.publish("web@1.0.0")
    with browsing(chromium, server) as page:
        with page.expect_response("**/live/**"):
            sign_in(page)
        rows = page.locator("tbody tr")
        rows.get_by_role("link", name="1.0.0").focus()

        server.publish("web@1.1.0")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("1.1.0")
        expect(rows.first).to_have_class("fresh")
        expect(rows.get_by_role("link", name="1.0.0")).to_be_focused()

        server.deploy("web@1.1.0", "production")
        expect(page.get_by_role("region", name="web, live now")).to_contain_text("1.1.0")

        page.get_by_label("Select web@1.0.0").check()
        expect(page.get_by_text("1 selected")).to_be_visible()
        server.publish("web@1.2.0")
        expect(page.get_by_role("link", name="1 new release")).to_be_visible()
        expect(page.get_by_label("Select web@1.0.0")).to_be_checked()
        expect(rows).to_have_count(2)
        page.get_by_role("link", name="1 new release").click()
        expect(rows).to_have_count(3)
        cookies = "; ".join(f"{it['name']}={it['value']}" for it in page.context.cookies())

    stream = Request(f"{server.address}/organizations/acme/live/", headers={"Cookie": cookies})
    with urlopen(stream, timeout=120) as answer:
        assert answer.readline() == b"retry: 2000\n"
        server.process.terminate()
        server.process.wait(STOP_SECONDS_MAX)


def test_a_list_that_could_not_be_loaded_again_says_so(server: Server, open_page: OpenPage) -> None:
    server.publish("web@1.0.0")
    page = open_page()
    with page.expect_response("**/live/**"):
        sign_in(page)
    page.route("**/organizations/acme/releases/", lambda route: route.abort())
    server.publish("web@1.1.0")
    link = page.get_by_role("link", name="This list changed, but loading it failed: try again")
    expect(link).to_be_visible()
    page.unroute("**/organizations/acme/releases/")
    link.click()
    expect(page.locator("tbody tr")).to_have_count(2)
