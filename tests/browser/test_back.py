"""What was typed into a form that was not stored is found again."""

from browser.chromium import sign_in
from browser.conftest import OpenPage
from browser.servers import EMAIL, PASSWORD, Server
from playwright.sync_api import Route, expect

#: Presses the button of the page's form twice, then stops the browser from waiting for the answer.
_PRESS_AND_STOP = """async () => {
  const form = document.querySelector("main form[method=post]");
  const states = [];
  const wait = () => new Promise((done) => setTimeout(done, 300));
  for (let presses = 0; presses < 2; presses++) form.querySelector("button").click();
  await wait();
  states.push(form.ariaBusy);
  stop();
  await wait();
  return [...states, form.ariaBusy];
}"""


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


def test_a_comment_that_was_stored_is_not_in_the_box_again_after_going_back(
    open_page: OpenPage, server: Server
) -> None:
    server.fail("back@1.0.0", "StoredError", "The comment was stored")
    page = open_page()
    sign_in(page)
    page.goto("/organizations/acme/issues/?query=StoredError")
    page.get_by_role("link", name="StoredError").click()
    field = page.get_by_placeholder("Add a comment")
    field.fill("See https://example.com/runbook\nand wait.")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.wait_for_url("**#activity")
    expect(page.locator(".comment")).to_have_count(1)
    page.go_back()
    expect(page.locator(".comment")).to_have_count(1)
    expect(field).to_have_value("")


def test_a_form_whose_answer_was_not_awaited_can_be_sent_again(
    open_page: OpenPage, server: Server
) -> None:
    page = open_page()
    sign_in(page)
    page.goto("/organizations/acme/settings/teams/")
    page.get_by_label("Name").fill("Stopped")
    sent: list[Route] = []
    page.route("**/settings/teams/", lambda route: _hold(route, sent))
    states = page.evaluate(_PRESS_AND_STOP)
    assert states == ["true", None], "a form is sent once, until the browser stops waiting"
    assert len(sent) == 1
    page.unroute("**/settings/teams/")
    page.get_by_role("button", name="Create team").click()
    page.wait_for_url("**/teams/stopped/")


def _hold(route: Route, held: list[Route]) -> None:
    """Leave a request without an answer."""
    held.append(route)
