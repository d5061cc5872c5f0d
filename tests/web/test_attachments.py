"""Attachments on the page of an issue: downloads, previews of images, and deletion."""

import pytest
from factories import counts
from pictures import picture

from shipmark.events import store as events
from shipmark.events.attachments import actions as attachment_actions
from shipmark.events.attachments.model import NewAttachment
from shipmark.files import staging
from shipmark.infrastructure.clock import now
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Role

ISSUE = "/organizations/acme/issues/WEB-1/"
OWN = {"Sec-Fetch-Site": "same-origin"}
ONE = f"{ISSUE}attachments/1/"


@pytest.fixture
def attach(house, blobs):
    def attached(name, content=b"line\n", content_type="text/plain", **more):
        with house.database.snapshot() as connection:
            newest = events.newest_of(connection, 1)
        staged = staging.stage_parts(house.database, blobs, [content], now())
        new = NewAttachment(
            project_id=house.project.id, event_id=newest.event_id, name=name,
            type=more.get("type", "event.attachment"), content_type=content_type,
            content=staged, created_at=now(),
        )  # fmt: skip
        with house.database.transaction() as connection:
            attachment_actions.receive(connection, [new], at=now())

    return attached


def restrict(house, role):
    with house.database.transaction() as connection:
        organizations.save_options(
            connection, house.organization.id, {"sentry:attachments_role": role.value}
        )


def test_attachments_are_listed_and_downloaded(house, owner, attach):
    house.fail("web@1.0.0")
    assert "Attachments</h2>" not in owner.get(ISSUE).text
    attach("a<b>.log")
    attach("x.dmp", b"MDMP", "application/octet-stream", type="event.minidump")
    text = owner.get(ISSUE).text
    for shown in ("Attachments</h2>", "<bdi>a&lt;b&gt;.log</bdi>", "text/plain", "event.minidump"):
        assert shown in text, shown
    assert f'<a href="{ONE}" download>' in text
    assert "?preview" not in text
    answer = owner.get(ONE)
    assert (answer.status_code, answer.content) == (200, b"line\n")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_images_have_a_preview(house, owner, attach):
    house.fail("web@1.0.0")
    content = picture("PNG", 300, 200)
    attach("screenshot.png", content, "image/png")
    assert f'<img class="preview" src="{ONE}?preview"' in owner.get(ISSUE).text
    answer = owner.get(f"{ONE}?preview")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"<html><script>alert(1)</script>", "image/png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"\x89PNG\r\n\x1a\n", "text/html"),
    ],
)
def test_what_is_no_image_has_no_preview(house, owner, attach, content, content_type):
    house.fail("web@1.0.0")
    attach("a.png", content, content_type)
    assert owner.get(f"{ONE}?preview").status_code == 404
    assert owner.get(ONE).headers["content-disposition"].startswith("attachment;")


def test_a_large_image_has_no_preview(house, owner, attach):
    house.fail("web@1.0.0")
    attach("a.png", b"\x89PNG\r\n\x1a\n" + b"a" * 5 * 1024 * 1024, "image/png")
    assert "?preview" not in owner.get(ISSUE).text
    assert owner.get(f"{ONE}?preview").status_code == 404


def test_an_attachment_is_deleted(house, owner, attach):
    house.fail("web@1.0.0")
    attach("a.log")
    answer = owner.post(ONE, data={"action": "delete"}, headers=OWN)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{ISSUE}?event=")
    assert "Attachments</h2>" not in owner.get(ISSUE).text
    assert counts(house.database)["files"] == 0
    assert owner.post(ONE, data={"action": "delete"}, headers=OWN).status_code == 404


def test_another_action_is_refused(house, owner, attach):
    house.fail("web@1.0.0")
    attach("a.log")
    assert owner.post(ONE, data={"action": "keep"}, headers=OWN).status_code == 400
    assert owner.get(ONE).status_code == 200


def test_only_the_newest_are_listed(house, owner, attach):
    house.fail("web@1.0.0")
    for number in range(21):
        attach(f"{number}.log")
    text = owner.get(ISSUE).text
    assert "the newest 20" in text
    assert "<bdi>20.log</bdi>" in text
    assert "<bdi>0.log</bdi>" not in text


def test_who_may_download(house, browser, owner, attach):
    house.fail("web@1.0.0")
    attach("a.png", picture("PNG", 300, 200), "image/png")
    restrict(house, Role.OWNER)
    assert owner.get(ONE).status_code == 200
    house.sign_in(browser, house.person("member@example.com", Role.MEMBER))
    text = browser.get(ISSUE).text
    assert "<bdi>a.png</bdi>" in text
    assert ONE not in text.replace(f'action="{ONE}"', "")
    assert browser.get(ONE).status_code == browser.get(f"{ONE}?preview").status_code == 403
    restrict(house, Role.MEMBER)
    assert browser.get(ONE).status_code == 200


def test_strangers_see_nothing(house, browser, owner, attach):
    house.fail("web@1.0.0")
    attach("a.log")
    browser.cookies.clear()
    assert browser.get(ONE).status_code == 303
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert browser.get(ONE).status_code == 404
    assert browser.post(ONE, data={"action": "delete"}, headers=OWN).status_code == 404


def test_an_attachment_of_another_issue_is_not_found(house, owner, attach):
    house.fail("web@1.0.0")
    attach("a.log")
    house.fail("web@1.0.0", "another")
    assert owner.get(ONE.replace("WEB-1", "WEB-2")).status_code == 404
