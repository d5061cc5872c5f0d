"""What was typed into a form that was not stored is found again."""

from browser.chromium import sign_in
from browser.conftest import OpenPage
from browser.servers import EMAIL, PASSWORD, Server
from playwright.sync_api import expect


def test_a_comment_of_a_session_that_ended_is_found_by_going_back_twice(
    open_page: OpenPage, server: Server
) -> None:
    server.fail("back@1.0.0", "EndedError", "The session has ended")
    page = open_page()
    sign_in(page)
    page.goto("/organizations/acme/issues/?query=EndedError")
    page.get_by_role("link", name="EndedError").click()
    page.get_by_placeholder("Add a comment").fill("Long thoughts")
    page.context.clear_cookies()
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("nothing was stored")
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("EndedError")
    field = page.get_by_placeholder("Add a comment")
    expect(field).to_have_value("")
    # Back to the sign-in page, which leads on as there is a session again, and from there to the form.
    for _ in range(2):
        page.go_back()
    expect(field).to_have_value("Long thoughts")
