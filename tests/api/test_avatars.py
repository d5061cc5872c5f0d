"""``…/avatar/`` of organizations, projects, teams and users (files-and-avatars.md 2.2)."""

import struct
from typing import Any

import pytest
from factories import (
    ALICE,
    BOB,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    commit,
    counts,
    on_one_database,
    rows,
    statements,
)
from pictures import picture, sent

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import StorageFull, Unavailable

ACME = "/organizations/acme/avatar/"
WEB = "/projects/acme/web/avatar/"
CORE = "/teams/acme/core/avatar/"
ME = "/users/me/avatar/"
EVERY = [ACME, WEB, CORE, ME]
FOLDERS = {ACME: "organization-avatar", WEB: "project-avatar", CORE: "team-avatar", ME: "avatar"}
LETTERS = {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None}
TOO_LARGE = {"detail": {"code": "", "message": "", "extra": {}}}


def upload(content: bytes = b"", **more: object) -> dict[str, object]:
    """The body that shows a photo."""
    return {"avatar_type": "upload", "avatar_photo": sent(content or picture())} | more


def shown(caller: Caller, path: str, body: dict[str, object]) -> dict[str, Any]:
    """What is shown after a change that must succeed."""
    answer = caller.put(path, body)
    assert answer.status_code == 200, answer.text
    avatar: dict[str, Any] = answer.json()["avatar"]
    return avatar


@pytest.mark.parametrize("path", EVERY)
def test_letters_are_shown_to_begin_with(alice: Caller, path: str) -> None:
    assert alice.get(path).json()["avatar"] == LETTERS


@pytest.mark.parametrize("path", EVERY)
def test_a_photo_is_kept_and_shown_from_then_on(alice: Caller, path: str) -> None:
    avatar = shown(alice, path, upload())
    ident = avatar["avatarUuid"]
    url = f"https://ship.example.com/{FOLDERS[path]}/{ident}/"
    assert avatar == {"avatarType": "upload", "avatarUuid": ident, "avatarUrl": url}
    assert alice.get(path).json()["avatar"] == avatar
    photo = alice.client.get(f"/{FOLDERS[path]}/{ident}/")
    assert (photo.status_code, photo.content) == (200, picture())


@pytest.mark.parametrize("path", EVERY)
def test_letters_again_keep_the_photo_for_later(alice: Caller, path: str) -> None:
    ident = shown(alice, path, upload())["avatarUuid"]
    letters = shown(alice, path, {"avatar_type": "letter_avatar"})
    assert letters == {"avatarType": "letter_avatar", "avatarUuid": ident, "avatarUrl": None}
    assert alice.client.get(f"/{FOLDERS[path]}/{ident}/").content == picture()
    again = shown(alice, path, {"avatar_type": "upload"})
    assert (again["avatarType"], again["avatarUuid"]) == ("upload", ident)


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_no_photo_is_not_a_photo(alice: Caller, nothing: str | None) -> None:
    body = {"avatar_type": "upload", "avatar_photo": nothing}
    assert alice.put(ACME, body).status_code == 400
    ident = shown(alice, ACME, upload())["avatarUuid"]
    assert shown(alice, ACME, body)["avatarUuid"] == ident


def test_a_new_photo_has_a_new_address_and_the_old_one_is_deleted(
    alice: Caller, database: Database
) -> None:
    old = shown(alice, ACME, upload(picture("PNG", 300)))["avatarUuid"]
    new = shown(alice, ACME, upload(picture("PNG", 301)))["avatarUuid"]
    assert old != new
    assert alice.client.get(f"/organization-avatar/{old}/").status_code == 404
    assert alice.client.get(f"/organization-avatar/{new}/").content == picture("PNG", 301)
    files = rows(database, "files")
    assert [(it["name"], it["kind"], it["size"]) for it in files] == [
        ("acme.png", "avatar.file", len(picture("PNG", 301)))
    ]
    assert counts(database)["avatars"] == 1


def test_the_same_photo_again_is_kept_once(alice: Caller, database: Database, blobs: Blobs) -> None:
    for path in (*EVERY, ACME):
        shown(alice, path, upload())
    assert (counts(database)["files"], counts(database)["blobs"]) == (4, 1)


def test_a_photo_that_is_sent_with_letters_is_kept_but_not_shown(alice: Caller) -> None:
    avatar = shown(alice, ACME, upload(avatar_type="letter_avatar"))
    assert (avatar["avatarType"], avatar["avatarUrl"]) == ("letter_avatar", None)
    ident = avatar["avatarUuid"]
    assert alice.client.get(f"/organization-avatar/{ident}/").content == picture()


def test_files_are_named_after_their_owner(alice: Caller, database: Database, world: World) -> None:
    for path in EVERY:
        shown(alice, path, upload())
    (team,) = [it["id"] for it in rows(database, "teams") if it["slug"] == "core"]
    ids = [world.projects["web"], team, world.users[ALICE]]
    names = [it["name"] for it in rows(database, "files")]
    assert names == ["acme.png", *(f"{it}.png" for it in ids)]


def test_a_gravatar_is_for_users(alice: Caller) -> None:
    gravatar = {"avatar_type": "gravatar"}
    assert shown(alice, ME, gravatar) == LETTERS | {"avatarType": "gravatar"}
    for path in (ACME, WEB, CORE):
        answer = alice.put(path, gravatar)
        assert answer.status_code == 400
        assert answer.json() == {"avatar_type": ['"gravatar" is not a valid choice.']}


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, {"avatar_type": ["This field is required."]}),
        ({"avatar_type": None}, {"avatar_type": ["This field may not be null."]}),
        ({"avatar_type": "bogus"}, {"avatar_type": ['"bogus" is not a valid choice.']}),
        ({"avatar_type": ["upload"]}, {"avatar_type": ["\"['upload']\" is not a valid choice."]}),
        ({"avatar_type": ""}, {"avatar_type": ['"" is not a valid choice.']}),
        ({"avatar_type": True}, {"avatar_type": ['"True" is not a valid choice.']}),
        (
            {"avatar_type": "upload"},
            {"avatar_type": ["Cannot set avatar_type to upload without avatar_photo"]},
        ),
        (upload(avatar_photo=True), {"avatar_photo": ["Not a valid string."]}),
        (upload(avatar_photo=["x"]), {"avatar_photo": ["Not a valid string."]}),
        (upload(avatar_photo="bm90IGFuIGltYWdl"), {"avatar_photo": ["Invalid image format."]}),
        (upload(avatar_photo="a"), {"avatar_photo": ["Invalid image format."]}),
        (
            upload(avatar_photo="data:image/png;base64," + sent(picture())),
            {"avatar_photo": ["Invalid image format."]},
        ),
        (upload(picture("TIFF")), {"avatar_photo": ["Invalid image format."]}),
        (upload(picture("PNG", 300, 256)), {"avatar_photo": ["Invalid image dimensions."]}),
        (upload(picture("PNG", 1025)), {"avatar_photo": ["Invalid image dimensions."]}),
        (upload(picture("PNG", 255)), {"avatar_photo": ["Invalid image dimensions."]}),
        (
            {"avatar_photo": "a"},
            {
                "avatar_type": ["This field is required."],
                "avatar_photo": ["Invalid image format."],
            },
        ),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(
    alice: Caller, database: Database, path: str, body: dict[str, object], said: object
) -> None:
    before = counts(database)
    answer = alice.put(path, body)
    assert (answer.status_code, answer.json()) == (400, said)
    assert counts(database) == before


def test_a_body_that_is_no_object_is_refused(alice: Caller) -> None:
    for content in ("[]", '"upload"', "{", "null"):
        answer = alice.put(ACME, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400


def test_a_photo_over_the_limit_is_refused_without_words(alice: Caller) -> None:
    """As the reference does it (files-and-avatars.md 2.3)."""
    answer = alice.put(ACME, upload(picture() + bytes(5_000_000)))
    assert (answer.status_code, answer.json()) == (413, TOO_LARGE)


def test_a_photo_just_under_the_limit_is_kept_byte_for_byte(alice: Caller) -> None:
    content = picture("PNG", 1024)
    content += bytes(5_000_000 - len(content))
    ident = shown(alice, ACME, upload(content))["avatarUuid"]
    assert alice.client.get(f"/organization-avatar/{ident}/").content == content


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_four_formats_are_taken(alice: Caller, form: str) -> None:
    ident = shown(alice, ME, upload(picture(form)))["avatarUuid"]
    photo = alice.client.get(f"/avatar/{ident}/")
    assert (photo.headers["content-type"], photo.content) == (
        f"image/{form.lower()}",
        picture(form),
    )


@on_one_database
@pytest.mark.parametrize("path", [ACME, WEB, CORE])
def test_strangers_and_those_without_scopes_are_refused(
    charlie: Caller, anonymous: Caller, bob: Caller, bearer: Bearer, path: str
) -> None:
    few = bearer(scopes=["project:releases", "event:read"])
    for method in ("get", "put"):
        more = (upload(),) if method == "put" else ()
        assert getattr(anonymous, method)(path, *more).status_code == 401
        for caller in (charlie, few):
            answer = getattr(caller, method)(path, *more)
            assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert bob.get(path).status_code == 200
    assert bob.put(path, upload()).status_code == 403
    assert bob.put(path, {"avatar_type": "bogus"}).status_code == 403


@on_one_database
@pytest.mark.parametrize(
    ("path", "scope"), [(ACME, "org:write"), (WEB, "project:write"), (CORE, "team:write")]
)
def test_one_scope_is_enough(bearer: Bearer, path: str, scope: str) -> None:
    assert bearer(scopes=[scope]).put(path, upload()).status_code == 200
    assert bearer(scopes=[scope.replace("write", "read")]).put(path, upload()).status_code == 403


@on_one_database
@pytest.mark.parametrize(
    "path",
    [
        "/organizations/unknown/avatar/",
        "/projects/acme/unknown/avatar/",
        "/projects/acme/99999999999999999999999/avatar/",
        "/teams/acme/unknown/avatar/",
        "/teams/acme/sales/avatar/",
        "/teams/acme/%F0%9F%9A%80/avatar/",
    ],
)
def test_what_is_not_there_is_told_before_the_body_is_read(alice: Caller, path: str) -> None:
    for answer in (alice.get(path), alice.put(path, {"avatar_type": "bogus"})):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_things_are_named_by_id_too(alice: Caller, world: World) -> None:
    project = world.projects["web"]
    assert shown(alice, f"/projects/acme/{project}/avatar/", upload())["avatarType"] == "upload"
    path = f"/organizations/{world.organizations['acme']}/avatar/"
    assert shown(alice, path, upload())["avatarType"] == "upload"


@on_one_database
def test_nobody_changes_somebody_else(
    alice: Caller, bob: Caller, organization_token: Caller, anonymous: Caller, world: World
) -> None:
    path = f"/users/{world.users[BOB]}/avatar/"
    answer = alice.put(path, upload())
    assert (answer.status_code, answer.content) == (403, b"")
    for unknown in ("/users/999999/avatar/", "/users/nobody/avatar/", "/users/0/avatar/"):
        assert alice.put(unknown, upload()).status_code == 403
        assert alice.get(unknown).status_code == 404
    assert alice.get(path).status_code == 404
    assert shown(bob, path, upload())["avatarType"] == "upload"
    assert bob.get(ME).json()["avatar"]["avatarType"] == "upload"
    for caller in (organization_token, anonymous):
        assert caller.put(ME, upload()).status_code == 401
        assert caller.get(ME).status_code == 401


@on_one_database
def test_other_methods_are_refused(alice: Caller) -> None:
    for path in EVERY:
        assert alice.delete(path).status_code == 405
        assert alice.post(path, upload()).status_code == 405


@on_one_database
def test_a_form_is_read_too(alice: Caller) -> None:
    answer = alice.client.put(f"/api/0{ACME}", data=upload(), headers=alice.headers)
    assert answer.json()["avatar"]["avatarType"] == "upload"


def test_a_team_is_shown_whole(alice: Caller, bob: Caller) -> None:
    mine = bob.get(CORE).json()
    assert (mine["slug"], mine["isMember"], mine["memberCount"]) == ("core", True, 1)
    assert mine["flags"] == {"idp:provisioned": False}
    assert alice.get(CORE).json()["isMember"] is False


@on_one_database
def test_organizations_projects_and_oneself_are_shown_so_everywhere(
    alice: Caller, world: World
) -> None:
    avatars = {path: shown(alice, path, upload()) for path in EVERY}
    assert alice.get("/organizations/acme/").json()["avatar"] == avatars[ACME]
    assert alice.get("/organizations/").json()[0]["avatar"] == avatars[ACME]
    assert alice.get("/projects/acme/web/").json()["avatar"] == avatars[WEB]
    listed = {it["slug"]: it["avatar"] for it in alice.get("/organizations/acme/projects/").json()}
    assert (listed["web"], listed["mobile"]) == (avatars[WEB], LETTERS)
    user = alice.get("/auth/").json()
    assert (user["avatar"], user["avatarUrl"]) == (avatars[ME], avatars[ME]["avatarUrl"])
    assert alice.get("/").json()["user"]["avatar"] == avatars[ME]


def test_authors_are_shown_with_their_photo_for_no_more_statements(
    alice: Caller, database: Database
) -> None:
    alice.publish("web@1.0.0", commits=[commit("1", author_email=ALICE)])
    path = "/organizations/acme/releases/"
    with statements(database) as before:
        alice.get(path)
    ident = shown(alice, ME, upload())["avatarUuid"]
    with statements(database) as after:
        (release,) = alice.get(path).json()
    assert after.count == before.count
    expected = {
        "avatarType": "upload",
        "avatarUuid": ident,
        "avatarUrl": f"/avatar/{ident}/",
    }
    assert release["authors"][0]["avatar"] == expected
    assert release["lastCommit"]["author"]["avatar"] == expected


def test_a_photo_takes_few_statements_whatever_its_length(
    alice: Caller, database: Database
) -> None:
    with statements(database) as few:
        shown(alice, ACME, upload())
    large = picture("PNG", 1024) + bytes(900_000)
    shown(alice, ACME, upload(picture("PNG", 260)))
    with statements(database) as many:
        shown(alice, WEB, upload(large))
    assert few.count <= 20
    assert many.count <= few.count + 8  # a project is shown with more than an organization


class Failing:
    """A store that can't keep anything now."""

    def __init__(self, refusal: Exception) -> None:
        self._refusal = refusal

    def put(self, key: str, content: bytes) -> None:
        raise self._refusal


@on_one_database
@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [
        (StorageFull(), 507, "There is no space left to store files."),
        (Unavailable(), 503, "The store of files is out of order."),
    ],
    ids=["full", "out of order"],
)
def test_a_store_that_cannot_keep_it_is_told_and_nothing_is_changed(
    serve: Any, alice: Caller, database: Database, refusal: Exception, status: int, words: str
) -> None:
    before = counts(database)
    answer = Caller(serve(keep=Failing(refusal)), alice.token).put(ACME, upload())
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(words)
    assert alice.get(ACME).json()["avatar"] == LETTERS
    # What was announced is taken away in a day.
    assert counts(database) - before == {"blob_removals": 1}


@on_one_database
def test_a_comment_of_a_photo_is_kept_as_it_is(alice: Caller) -> None:
    comment = b"\xff\xfe" + struct.pack(">H", 7) + b"hello"
    content = picture("JPEG")[:2] + comment + picture("JPEG")[2:]
    ident = shown(alice, ME, upload(content))["avatarUuid"]
    assert alice.client.get(f"/avatar/{ident}/").content == content


def test_no_photo_is_left_that_nobody_uses(alice: Caller, database: Database) -> None:
    for side in (256, 257, 258):
        shown(alice, ACME, upload(picture("PNG", side)))
    used = [it["uses"] for it in rows(database, "blobs")]
    assert sorted(used) == [0, 0, 1]
