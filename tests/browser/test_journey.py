"""One journey of a person through a real server, in a real browser."""

from urllib.parse import quote

from browser.servers import EMAIL, PASSWORD, RELEASES, Server
from playwright.sync_api import Locator, Page, expect

BROKEN_VERSION = "cart@1.0.0"
#: All that is odd in an address, and text that must not be decoded twice.
VERSION = "web@1.1.0 é+%2F#1?"
MESSAGE = "Don't fail on empty carts"


def test_a_person_signs_in_and_follows_a_release_to_the_issue_that_it_fixed(
    server: Server, page: Page
) -> None:
    short_id = _fail_and_mend(server)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    page.goto("/")
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Releases")).to_be_visible()
    row = page.get_by_role("row").filter(has_text=VERSION)
    expect(row).to_contain_text("production")
    assert _lines_of(row.locator(".env", has_text="production")) == 1
    row.get_by_role("link", name=VERSION).click()

    expect(page.get_by_text(MESSAGE, exact=True)).to_be_visible()
    page.get_by_text("1 changed file", exact=True).click()
    expect(page.get_by_text("shop/cart.py").first).to_be_visible()
    page.get_by_role("link", name="Resolved 1").click()
    resolved = page.get_by_role("region", name="Issues")
    expect(resolved).to_contain_text(short_id)
    resolved.get_by_role("link", name="ValueError: the cart is empty").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("ValueError: the cart is empty")
    expect(page.get_by_role("region", name="Latest event")).to_contain_text("shop/cart.py:41")
    expect(page.get_by_role("region", name="Activity")).to_contain_text("resolved it in")

    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("region", name="Activity")).to_contain_text("reopened it")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_text("Resolved", exact=True).first).to_be_visible()
    page.goto("/nothing/")
    page.get_by_label("Organization").get_by_role("link", name="Releases").click()
    expect(page.get_by_role("heading", name="Releases")).to_be_visible()

    page.get_by_title("Account").click()
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="Sign in to Shipmark")).to_be_visible()
    # The browser reports the page that is not there too.
    assert [it for it in complaints if "404" not in it] == []


def _lines_of(element: Locator) -> int:
    """Return how many lines of text an element has."""
    height = "it => it.getBoundingClientRect().height / parseFloat(getComputedStyle(it).lineHeight)"
    return int(element.evaluate(height))


def _fail_and_mend(server: Server) -> str:
    """Publish a release that fixes an issue; return the issue's short id."""
    frame = {"function": "total", "filename": "shop/cart.py", "lineno": 41, "in_app": True}
    raised = {"type": "ValueError", "value": "the cart is empty"}
    event = {
        "platform": "python",
        "release": BROKEN_VERSION,
        "exception": {"values": [raised | {"stacktrace": {"frames": [frame]}}]},
    }
    server.send_event(**event)
    path = f"/api/0/organizations/acme/issues/?query=release:{BROKEN_VERSION}"
    [issue] = server.send("GET", path)
    commit = {
        "id": "a" * 40,
        "message": f"{MESSAGE}\n\nFixes {issue['shortId']}",
        "author_name": "Ada Lovelace",
        "author_email": EMAIL,
        "patch_set": [{"path": "shop/cart.py", "type": "M"}],
    }
    server.send("POST", RELEASES, {"version": VERSION, "projects": ["web"], "commits": [commit]})
    deploys = f"{RELEASES}{quote(VERSION, safe='')}/deploys/"
    server.send("POST", deploys, {"environment": "production"})
    short_id: str = issue["shortId"]
    return short_id
