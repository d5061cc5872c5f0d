"""Journeys through issues."""

import re
from uuid import uuid4

from browser.journeys.person import Person
from pictures import picture
from playwright.sync_api import expect


def change_many_issues(person: Person) -> None:
    """Search, and resolve, reopen, archive and merge the ones that are ticked, from tab to tab."""
    page = person.page
    for kind in ("ListedError", "ListedWarning", "ListedFault"):
        person.server.fail("listed@1.0.0", kind, "Something was listed")
    person.go("releases/")
    person.follow("Issues", page.get_by_label("Organization"))
    person.fill("Search issues", "Listed")
    person.press("Search")
    boxes = page.locator("tbody").get_by_role("checkbox")
    expect(boxes).to_have_count(3)
    for box in boxes.all()[:2]:
        box.check()
    if person.has_scripts:
        person.see("2 selected")
    person.press("Resolve")
    expect(boxes).to_have_count(1)

    lists = page.get_by_label("Lists of issues")
    person.follow(re.compile("^Resolved"), lists)
    expect(person.row("ListedError").or_(person.row("ListedWarning")).first).to_be_visible()
    boxes.first.check()
    person.press("Reopen")
    expect(lists.locator("[aria-current]")).to_contain_text("Resolved")
    person.follow(re.compile("^Unresolved"), lists)
    person.fill("Search issues", "Listed")
    person.press("Search")
    expect(boxes).to_have_count(2)
    for box in boxes.all():
        box.check()
    person.press("Me", person.open_menu("Assign (M)"))
    person.fill("Search issues", "Listed assigned:me")
    person.press("Search")
    expect(boxes).to_have_count(2)
    for box in boxes.all():
        box.check()
    person.press("Archive")
    person.see("No matching issues")
    person.follow(re.compile("^Archived"), lists)
    person.fill("Search issues", "nothing-like-it")
    person.press("Search")
    person.see("No matching issues")
    person.follow("Clear search and filters")
    expect(person.row("Listed")).to_have_count(2)
    for box in boxes.all():
        box.check()
    person.press("Merge")
    person.press("Merge 2 issues")
    expect(person.row("Listed")).to_have_count(1)
    person.follow(re.compile("Listed"), page.locator("tbody"))
    person.see("merged 1 issue into it")


def change_an_issue(person: Person) -> None:
    """Assign an issue, resolve it, in the next release too, reopen and archive it."""
    page = person.page
    person.server.fail("changed@1.0.0", "ChangedError", "It will be changed")
    person.go("issues/?query=ChangedError")
    person.follow(re.compile("^ChangedError"))
    activity = person.card("Activity")
    about = person.card("About this issue")
    person.press("Me", person.open_menu("Assign (M)"))
    expect(activity).to_contain_text("assigned it to")
    person.press("No assignee", person.open_menu("Assign (M)"))
    expect(activity).to_contain_text("removed the assignee")
    person.press("Resolve")
    expect(activity).to_contain_text("resolved it")
    expect(about).to_contain_text("Resolved")
    person.press("Reopen")
    expect(activity).to_contain_text("reopened it")
    person.press("In the next release", person.open_menu("Other ways to resolve"))
    expect(about).to_contain_text("in the next release")
    person.press("Reopen")
    expect(about).to_contain_text("Unresolved")
    person.press("Archive")
    expect(about).to_contain_text("Archived")
    expect(page.get_by_role("button", name="Archive", exact=True)).to_have_count(0)
    person.press("Reopen")
    person.press("For a week", person.open_menu("Other ways to archive"))
    expect(about).to_contain_text(re.compile("Archived by .* until"))
    expect(activity).to_contain_text("archived it for a week")
    person.press("Reopen")
    person.press("Until it happens again", person.open_menu("Other ways to archive"))
    expect(about).to_contain_text("until it happens again")
    person.server.fail("changed@1.0.0", "ChangedError", "It will be changed")
    page.reload()
    expect(about).to_contain_text("Unresolved, escalating")


def comment_on_an_issue(person: Person) -> None:
    """Write a comment, change and delete it."""
    person.server.fail("commented@1.0.0", "CommentedError", "It is discussed")
    person.go("issues/?query=CommentedError")
    person.follow(re.compile("^CommentedError"))
    activity = person.card("Activity")
    person.fill("Comment", "See https://example.com/\nfor more.")
    person.press("Comment", activity)
    expect(activity.get_by_role("link", name="https://example.com/")).to_be_visible()
    activity.locator("summary").click()
    activity.get_by_label("Comment", exact=True).last.fill("It is known.")
    person.press("Save", activity)
    expect(activity.locator("blockquote")).to_have_text("It is known.")
    activity.locator("summary").click()
    person.press("Delete comment", activity)
    expect(activity.locator("blockquote")).to_have_count(0)


def walk_through_events(person: Person) -> None:
    """Go from the latest event to the first and back."""
    page = person.page
    for number in range(3):
        person.server.fail(f"walked@1.0.{number}", "WalkedError", "It happened again")
    person.go("issues/?query=WalkedError")
    person.follow(re.compile("^WalkedError"))
    event = page.get_by_role("region", name=re.compile("^(Latest event|Event)$"))
    expect(event).to_contain_text("1.0.2")
    person.follow("Previous event")
    expect(event).to_contain_text("1.0.1")
    person.follow("First", event)
    expect(event).to_contain_text("1.0.0")
    expect(page.get_by_role("link", name="Previous event")).to_be_disabled()
    person.follow("Next event")
    expect(event).to_contain_text("1.0.1")
    person.follow("Latest", event)
    expect(event).to_contain_text("1.0.2")


def look_at_attachments(person: Person) -> None:
    """See the screenshot of an event, download its log, and delete that."""
    page, event_id = person.page, uuid4().hex
    person.server.fail("attached@1.0.0", "AttachedError", "It has files", event_id=event_id)
    person.server.attach(event_id, "screenshot.png", picture("PNG", 300, 200), "image/png")
    person.server.attach(event_id, "app.log", b"before the crash", "text/plain")
    person.go("issues/?query=AttachedError")
    person.follow(re.compile("^AttachedError"))
    files = person.card("Attachments")
    preview = files.get_by_role("img", name="Preview of screenshot.png")
    preview.scroll_into_view_if_needed()
    expect(preview).to_have_js_property("naturalWidth", 300)
    with page.expect_download() as downloading:
        person.follow("app.log", files)
    assert downloading.value.suggested_filename == "app.log"
    assert downloading.value.path().read_bytes() == b"before the crash"
    person.press("Delete attachment", person.open_menu("Delete app.log", files))
    expect(files.get_by_role("link", name="screenshot.png")).to_be_visible()
    expect(files.get_by_role("link", name="app.log")).to_have_count(0)


JOURNEYS = [
    change_many_issues,
    change_an_issue,
    comment_on_an_issue,
    walk_through_events,
    look_at_attachments,
]
