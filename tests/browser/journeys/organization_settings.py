"""Journeys through the settings of an organization: itself, its people, tokens, repositories and audit log."""

import re

from browser.filling import fail_job, quarantine_event, run
from browser.journeys.person import Person
from browser.servers import EMAIL, PASSWORD
from playwright.sync_api import expect
from processes import wait_until


def rename_the_organization(person: Person) -> None:
    """Leave the name out, then change it; the page says so."""
    page = person.page
    person.go("releases/")
    person.follow("Settings", page.get_by_label("Organization"))
    person.see_heading("General")
    person.fill("Name", "")
    person.press("Save settings")
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    person.fill("Name", "Acme Works")
    person.press("Save settings")
    person.see_done("Saved the settings.")
    expect(page.get_by_title("Switch organization")).to_contain_text("Acme Works")
    person.fill("Name", "acme")
    person.press("Save settings")
    expect(page.get_by_title("Switch organization")).to_contain_text("acme")


def delete_and_restore_an_organization(person: Person) -> None:
    """Request the deletion of an organization, after a mistake, and restore it."""
    page = person.page
    run(person.server, "org", "create", "ending", "--name", "Ending")
    run(
        person.server,
        "user",
        "create",
        EMAIL,
        "--password",
        PASSWORD,
        "--org",
        "ending",
        "--role",
        "owner",
    )
    page.goto("/organizations/ending/settings/general/")
    person.follow("Delete organization")
    person.press("Delete organization")
    expect(page.get_by_label("Type ending to confirm")).to_have_attribute("aria-invalid", "true")
    person.fill("Type ending to confirm", "ending")
    person.press("Delete organization")
    person.see_done("The deletion of this organization was requested")
    person.press("Restore organization")
    person.see_done("Restored the organization.")
    expect(page.get_by_role("link", name="Delete organization")).to_be_visible()


def stay_as_the_last_owner(person: Person) -> None:
    """Try to leave an organization that would have no owner then."""
    person.go("settings/members/")
    menu = person.row("ada@example.com").locator("summary")
    menu.click()
    person.press("Leave organization")
    person.see_problem("owner")


def form_a_team(person: Person) -> None:
    """Create a team, join it, give it a member and a project, rename and delete it."""
    page = person.page
    run(person.server, "user", "create", "tom@example.com", "--password", "x" * 12, "--org", "acme")
    person.go("settings/general/")
    person.follow("Teams", page.get_by_label("Settings").and_(page.get_by_role("navigation")))
    person.fill("Name", "Checkout")
    person.press("Create team")
    person.see_heading("Checkout")
    join = page.get_by_role("button", name=re.compile("^(Join|Leave) team$"))
    word = "Leave team" if join.inner_text() == "Join team" else "Join team"
    join.click()
    expect(join).to_have_text(word)
    person.fill("Add a member", "stranger@example.com")
    person.press("Add member")
    expect(page.get_by_label("Add a member")).to_have_attribute("aria-invalid", "true")
    person.fill("Add a member", "tom@example.com")
    person.press("Add member")
    expect(person.card("Members")).to_contain_text("tom@example.com")
    page.get_by_label("Add a project").select_option("web")
    person.press("Add project")
    expect(person.card("Projects")).to_contain_text("web")
    person.press("Remove web")
    expect(person.card("Projects")).to_contain_text("It owns no projects")
    person.fill("Name", "Payments")
    person.press("Save team")
    person.see_heading("Payments")
    person.follow("Delete team")
    person.press("Delete team")
    person.see_heading("Teams")
    expect(person.row("Payments")).to_have_count(0)


def invite_a_person(person: Person) -> None:
    """Invite a person, who joins by the link in a browser of their own; change their role; remove them."""
    page = person.page
    person.go("settings/members/")
    person.fill("Email", "ivy@example.com")
    page.get_by_label("Role", exact=True).select_option(label="Member")
    person.press("Create link")
    person.see_done("Invited ivy@example.com")
    link = page.get_by_role("status").locator("code").inner_text()

    theirs = person.open_page(java_script_enabled=person.has_scripts)
    invited = Person(theirs, person.server, person.has_scripts, person.open_page)
    theirs.goto(link)
    invited.see_heading("Join acme")
    invited.fill("Name", "Ivy Stone")
    invited.fill("Password", "a long enough password")
    invited.press("Create account and join")
    invited.see_heading("Releases")
    expect(theirs.get_by_title("Account")).to_contain_text("Ivy Stone")

    person.go("settings/members/")
    row = person.row("Ivy Stone")
    expect(page.get_by_text("Revoke the invitation of ivy@example.com")).to_have_count(0)
    person.choose("Role of Ivy Stone", "Admin", "Save", row)
    person.go("settings/members/")
    expect(row.get_by_label("Role of Ivy Stone")).to_have_value("admin")
    person.press("Remove member", person.open_menu("Remove Ivy Stone", row))
    expect(row).to_have_count(0)
    theirs.reload()
    expect(theirs.get_by_role("heading", name="Releases", exact=True)).to_have_count(0)


def revoke_an_invitation(person: Person) -> None:
    """Invite a person, and take it back: the link leads nowhere then."""
    page = person.page
    person.go("settings/members/")
    person.fill("Email", "olga@example.com")
    person.press("Create link")
    link = page.get_by_role("status").locator("code").inner_text()
    person.press("Revoke the invitation of olga@example.com")
    expect(page.get_by_text("olga@example.com")).to_have_count(0)
    page.goto(link)
    person.see_heading("Invitation not found")


def make_and_revoke_a_token(person: Person) -> None:
    """Make a token, which is shown once, and revoke it."""
    page = person.page
    person.go("settings/tokens/")
    person.fill("Name", "release pipeline")
    person.press("Create token")
    person.see_done("Created token release pipeline")
    person.see(re.compile("^sntrys_"))
    person.go("settings/tokens/")
    expect(page.get_by_text(re.compile("^sntrys_[^…]"))).to_have_count(0)
    person.press("Revoke token", person.open_menu("Revoke release pipeline"))
    expect(person.row("release pipeline")).to_have_count(0)


def keep_a_repository(person: Person) -> None:
    """Add a repository, set and remove its remote, rename, hide, show and delete it."""
    page = person.page
    person.go("settings/repositories/")
    person.fill("Name", "acme/kept")
    person.fill("URL (optional)", "nothing")
    person.press("Add repository")
    person.see_problem("Enter a URL")
    person.fill("URL (optional)", "https://git.example.com/acme/kept")
    person.press("Add repository")
    person.go("settings/repositories/")
    person.follow("acme/kept")
    person.see_heading("acme/kept")
    person.fill("Address", "nothing at all")
    person.press("Save remote")
    expect(page.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    person.fill("Address", "https://git.example.com/acme/kept.git")
    person.press("Save remote")
    commits = person.card("Commits")
    expect(commits).to_contain_text("https://git.example.com/acme/kept.git")
    person.press("Remove remote", person.open_menu("Remove remote").locator("form"))
    expect(commits).to_contain_text("clients send the commits themselves")
    person.fill("Name", "acme/renamed")
    person.press("Save")
    person.see_heading("acme/renamed")
    person.press("Hide repository")
    person.see("Hidden", page.locator(".head"))
    person.press("Show repository")
    expect(page.locator(".head")).not_to_contain_text("Hidden")
    person.follow("Delete repository")
    person.press("Delete repository")
    person.see_heading("Repositories")


def read_the_audit_log(person: Person) -> None:
    """See one kind of change only."""
    page = person.page
    person.server.send("POST", "/api/0/organizations/acme/teams/", {"slug": "audited"})
    person.go("settings/audit-log/")
    rows = page.locator("tbody").get_by_role("row")
    person.choose("Event", "team.create")
    expect(page.get_by_label("Event")).to_have_value("team.create")
    expect(rows.filter(has_text="audited")).to_be_visible()
    expect(rows.filter(has_text="project.create")).to_have_count(0)


def measure_storage(person: Person) -> None:
    """Ask for a measurement, and preview a deletion that finds nothing."""
    page = person.page
    person.go("settings/storage/")
    if page.get_by_role("button", name="Measure now").count():
        person.press("Measure now")
        expect(page.get_by_role("button", name="Measure now")).to_have_count(0)
    page.get_by_label("Project", exact=True).select_option("web")
    person.fill("Unused for days", "30")
    person.press("Preview deletion")
    person.see_done("web has no artifacts unused for 30 days")


def run_failed_jobs_again_or_discard_them(person: Person) -> None:
    """Retry a failed job, and discard another one, after a question."""
    person.go("settings/storage/")
    fail_job(person.server, "The disk was full.")
    fail_job(person.server, "The bucket was gone.")
    person.follow(
        "Jobs", person.page.get_by_label("Settings").and_(person.page.get_by_role("navigation"))
    )
    person.see_heading("Jobs")
    retried, discarded = person.row("The disk was full."), person.row("The bucket was gone.")
    expect(retried).to_contain_text("Failed")
    retried.get_by_role("button", name="Retry job").click()
    person.see_heading("Jobs")
    expect(retried).to_have_count(0)
    discarded.locator("summary").click()
    person.press("Discard job", discarded)
    expect(discarded).to_have_count(0)


def process_what_was_set_aside_again(person: Person) -> None:
    """Retry an event that can't be read, which stays with the new error, and discard it, after a question."""
    quarantine_event(person.server, "ValueError: of an earlier version")
    person.go("settings/jobs/")
    person.see("could not be stored")
    person.follow("Quarantine", person.page.get_by_role("main"))
    person.see_heading("Quarantine")
    row = person.row("of an earlier version")
    row.get_by_role("button", name="Retry").click()
    person.see_heading("Quarantine")
    failed = person.row("not a JSON object")
    wait_until(lambda: person.page.reload() is not None and failed.count() == 1)
    expect(failed).to_contain_text("2")
    failed.locator("summary").click()
    person.press("Discard", failed)
    expect(failed).to_have_count(0)


JOURNEYS = [
    rename_the_organization,
    delete_and_restore_an_organization,
    stay_as_the_last_owner,
    form_a_team,
    invite_a_person,
    revoke_an_invitation,
    make_and_revoke_a_token,
    keep_a_repository,
    read_the_audit_log,
    measure_storage,
    process_what_was_set_aside_again,
    run_failed_jobs_again_or_discard_them,
]
