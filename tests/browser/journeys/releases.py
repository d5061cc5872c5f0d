"""Journeys through releases."""

import re
from datetime import UTC, datetime

from browser import app_sessions
from browser.filling import upload
from browser.journeys.person import Person
from browser.servers import commit
from playwright.sync_api import expect


def find_releases(person: Person) -> None:
    """Search, order, page and filter the list, and find nothing."""
    page = person.page
    for number in range(27):
        person.server.publish(f"find@1.0.{number}")
    person.go("releases/")
    person.fill("Search releases", "find@")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("query=find"))
    rows = page.locator("tbody").get_by_role("row")
    expect(rows).to_have_count(25)
    person.follow("Release", page.get_by_role("columnheader"))
    expect(rows.first).to_contain_text("1.0.26")
    person.follow("Older")
    expect(rows).to_have_count(2)
    person.follow("Newer")
    expect(rows).to_have_count(25)
    person.choose("Sort by", "Newest first")
    expect(page.get_by_role("columnheader", name="Released")).to_have_attribute(
        "aria-sort", "descending"
    )
    person.choose("Status", "Archived")
    person.see("No matching releases")
    person.follow("Clear search and filters")
    expect(page.get_by_label("Search releases")).to_have_value("")


def lead_a_release_through_its_life(person: Person) -> None:
    """Create, edit, finalize, archive, restore and delete a release."""
    page = person.page
    person.go("releases/")
    person.follow("Create release")
    person.fill("Version", "life/1")
    person.press("Create release")
    expect(page.get_by_label("Version", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Version", exact=True)).to_have_value("life/1")
    person.fill("Version", "life@1.0.0")
    page.get_by_role("checkbox", name="web").check()
    person.press("Create release")
    person.see_heading("1.0.0")
    person.see("Not released")

    person.follow("Edit", person.open_menu("More actions"))
    person.fill("URL", "nothing")
    person.press("Save")
    person.see_problem("URL")
    person.fill("Ref", "main")
    person.fill("URL", "https://ci.example.com/1042")
    person.press("Save")
    expect(person.card("About")).to_contain_text("main")

    person.press("Finalize")
    expect(page.get_by_role("button", name="Finalize")).to_have_count(0)
    expect(person.card("Activity")).to_contain_text("released in web")
    person.press("Archive", person.open_menu("More actions"))
    expect(page.locator(".head")).to_contain_text("Archived")
    person.press("Restore", person.open_menu("More actions"))
    expect(page.locator(".head")).not_to_contain_text("Archived")

    person.follow("Delete…", person.open_menu("More actions"))
    person.see_heading("Delete 1.0.0")
    person.press("Delete release")
    person.see_heading("Releases")
    expect(person.row("life@")).to_have_count(0)


def delete_a_release_that_issues_refer_to(person: Person) -> None:
    """Delete a release that an issue was first seen in: only when that is agreed to."""
    page = person.page
    person.server.fail("referred@1.0.0", "ReferredError", "It was first seen here")
    person.go("releases/referred%401.0.0/delete/")
    person.press("Delete release")
    person.see_problem("issues")
    page.get_by_role("checkbox", name="Delete it although issues refer to it").check()
    person.press("Delete release")
    person.see_heading("Releases")
    person.go("issues/?query=ReferredError")
    expect(person.row("ReferredError")).to_be_visible()


def change_many_releases(person: Person) -> None:
    """Archive, restore and delete the ones that are ticked, after a preview, also one that an issue refers to."""
    page = person.page
    for number in range(3):
        person.server.publish(f"bulk@1.0.{number}")
    person.server.fail("bulk@1.0.2", "BulkError", "It was first seen here")
    person.go("releases/?query=bulk@")
    boxes = page.get_by_role("checkbox", name=re.compile(r"Select bulk@"))
    for box in boxes.all()[:2]:
        box.check()
    if person.has_scripts:
        person.see("2 selected")
    person.press("Archive")
    expect(boxes).to_have_count(1)
    person.choose("Status", "Archived")
    expect(boxes).to_have_count(2)
    if person.has_scripts:
        page.get_by_role("checkbox", name="Select all releases on this page").check()
    else:
        for box in boxes.all():
            box.check()
    person.press("Restore")
    person.see("No matching releases")

    person.go("releases/?query=bulk@")
    for box in boxes.all()[:2]:
        box.check()
    person.press("Delete…")
    person.see_heading("Delete 1 release")
    person.follow("Cancel")
    expect(boxes).to_have_count(3)
    for box in boxes.all()[:2]:
        box.check()
    person.press("Delete…")
    page.get_by_role("checkbox", name="Delete it although issues refer to it").check()
    person.press("Delete releases")
    person.see_heading("Deleted 2 releases")
    person.follow("Back to the list")
    expect(boxes).to_have_count(1)


def compare_releases(person: Person) -> None:
    """Compare a release with the one before, swapped, and with another one."""
    page = person.page
    for number in range(3):
        commits = [commit(index, datetime.now(UTC)) for index in range(number + 1)]
        person.server.publish(f"compared@1.0.{number}", commits=commits)
    person.go("releases/compared%401.0.2/")
    person.follow("Compare with 1.0.1")
    person.see_heading("Compare releases")
    expect(page.get_by_label("Base", exact=True)).to_have_value(re.compile("1.0.1$"))
    expect(person.card("Commits")).to_contain_text("feat: move the order summary")
    person.follow("Swap base and release")
    person.see("came before")
    person.fill("Base", "nothing-like-it")
    person.press("Compare")
    person.see_problem("nothing-like-it")
    person.fill("Base", "compared@1.0.0")
    person.fill("Release", "compared@1.0.2")
    person.press("Compare")
    expect(page).to_have_url(re.compile(r"compared%401\.0\.2/compare/\?base=compared%401\.0\.0"))


def mark_a_verdict(person: Person) -> None:
    """Mark a release with too few sessions as regressed and as healthy, and take it back."""
    app_sessions.send_some(person.server, "marked@1.0.0", "production")
    person.go("releases/marked%401.0.0/")
    verdict = person.card("Verdict in production")
    expect(verdict).to_contain_text("Not enough data")
    person.press("Mark as regressed in production", verdict)
    expect(verdict).to_contain_text("A person marked the release as regressed")
    expect(person.card("Activity")).to_contain_text("marked as regressed in web, production")
    person.press("Remove mark in production", verdict)
    expect(verdict).to_contain_text("Not enough data")
    person.press("Mark as healthy in production", verdict)
    expect(verdict).to_contain_text("A person marked the release as healthy")


def see_artifacts(person: Person) -> None:
    """See that a release has no files, and then those that were uploaded."""
    person.server.publish("files@1.0.0")
    person.go("releases/files%401.0.0/")
    expect(person.card("About")).to_contain_text("No files for this version")
    upload(person.server, "files@1.0.0", "~/static/files.js")
    person.page.reload()
    person.follow("1 file", person.card("About"))
    person.see_heading("Artifacts")
    expect(person.row("~/static/files.js")).to_be_visible()


def follow_the_timeline(person: Person) -> None:
    """See which release is live, in an environment and a range, and open it."""
    page = person.page
    person.server.publish("line@1.0.0")
    person.server.deploy("line@1.0.0", "line")
    person.go("releases/")
    person.follow("Timeline", page.get_by_label("Organization"))
    person.follow("7 days")
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    person.choose("Environment", "line")
    expect(page.locator("tbody").get_by_role("row").filter(has_text="1.0.0")).to_contain_text(
        "line"
    )
    person.follow("1.0.0", page.locator("tbody"))
    person.see_heading("1.0.0")
    expect(person.card("Deploys")).to_contain_text("line")


def see_delivery(person: Person) -> None:
    """See how often a project delivers, in an environment and a period, and a change that was rolled back."""
    page, server = person.page, person.server
    for version in ("flow@1.0.0", "flow@1.1.0"):
        server.publish(version)
        server.deploy(version, "flow")
    server.deploy("flow@1.0.0", "flow")
    person.go("releases/")
    person.follow("Delivery", page.get_by_label("Organization"))
    person.choose("Environment", "flow")
    expect(page.locator("dl.stats")).to_contain_text("50.0%")
    person.follow("30 days")
    expect(page.get_by_role("link", name="30 days")).to_have_attribute("aria-current", "true")
    expect(person.card("Failed changes")).to_contain_text("rolled back")
    person.card("Deploys a day").get_by_text("Show as table").click()
    expect(person.card("Deploys a day").get_by_role("table")).to_contain_text("2 deploys")
    person.follow("1.1.0", person.card("Failed changes"))
    person.see_heading("1.1.0")


JOURNEYS = [
    find_releases,
    lead_a_release_through_its_life,
    delete_a_release_that_issues_refer_to,
    change_many_releases,
    compare_releases,
    mark_a_verdict,
    see_artifacts,
    follow_the_timeline,
    see_delivery,
]
