"""Photos and letters as browsers load them (files-and-avatars.md 2.5, 2.6)."""

from io import BytesIO

import pytest
from factories import Caller
from httpx import Client
from pictures import picture, sent
from PIL import Image

from shipmark.files import actions as files
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database

FOREVER = "max-age=315360000"
POLICY = "default-src 'none'; sandbox"


@pytest.fixture
def photo(alice: Caller) -> str:
    """The address of Alice's photo."""
    body = {"avatar_type": "upload", "avatar_photo": sent(picture("JPEG", 512))}
    url: str = alice.put("/users/me/avatar/", body).json()["avatarUrl"]
    return url.removeprefix("https://ship.example.com")


def side(content: bytes) -> int:
    with Image.open(BytesIO(content)) as image:
        assert image.format == "PNG"
        return image.size[0]


def test_a_photo_is_for_everybody_and_for_long(client: Client, photo: str) -> None:
    answer = client.get(photo)
    assert (answer.status_code, answer.content) == (200, picture("JPEG", 512))
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == FOREVER
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == POLICY
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "pixels"),
    [("20", 20), ("26", 20), ("32", 32), ("120", 120), ("4000", 120), ("0", 20), ("-7", 20)],
)
def test_a_small_photo_is_a_png_of_a_known_size(
    client: Client, photo: str, asked: str, pixels: int
) -> None:
    for _ in range(2):
        answer = client.get(f"{photo}?s={asked}")
        assert (answer.headers["content-type"], side(answer.content)) == ("image/png", pixels)
        assert answer.headers["cache-control"] == FOREVER


@pytest.mark.parametrize("asked", ["", "x", "3.2", "1e3", "1_0", "٣٢", "99999999999999999999"])
def test_a_size_that_is_no_number_is_refused(client: Client, photo: str, asked: str) -> None:
    answer = client.get(photo, params={"s": asked})
    assert (answer.status_code, answer.content) == (400, b"")


@pytest.mark.parametrize(
    "path",
    [
        f"/avatar/{'0' * 32}/",
        f"/organization-avatar/{'0' * 32}/",
        f"/project-avatar/{'0' * 32}/?s=32",
        f"/team-avatar/{'0' * 32}/",
        "/avatar/x/",
        "/avatar/%00/",
        f"/avatar/{'0' * 10_000}/",
        "/avatar/%F0%9F%9A%80/",
    ],
)
def test_a_photo_that_is_not_there_is_nothing(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert FOREVER not in answer.headers.get("cache-control", "")


def test_a_photo_of_somebody_is_none_of_something(client: Client, photo: str) -> None:
    assert client.get(photo.replace("/avatar/", "/team-avatar/")).status_code == 404


@pytest.mark.parametrize("query", ["", "?s=48"])
def test_a_photo_that_a_browser_has_is_not_sent_again(
    client: Client, photo: str, query: str
) -> None:
    etag = client.get(photo + query).headers["etag"]
    again = client.get(photo + query, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get(f"{photo}?s=20", headers={"If-None-Match": etag}).status_code == 200


def test_a_photo_whose_file_is_gone_is_gone_too(
    client: Client, photo: str, database: Database
) -> None:
    with database.transaction() as connection:
        files.remove(connection, [1], now())
    assert client.get(photo).status_code == 404
    assert client.get(f"{photo}?s=32").status_code == 404


def test_a_photo_whose_content_is_lost_is_no_bug(
    client: Client, photo: str, database: Database, blobs: Blobs
) -> None:
    with database.snapshot() as connection:
        key = connection.exec_driver_sql("SELECT key FROM blobs").scalar_one()
    blobs.remove(key)
    assert client.get(photo).status_code == 404
    assert client.get(f"{photo}?s=36").status_code == 404


@pytest.mark.parametrize("text", ["AL", "A", "?", "É", "<&", "王小"])
def test_letters_are_drawn_for_everybody(client: Client, text: str) -> None:
    answer = client.get(f"/letter-avatar/3/{text.replace('?', '%3F')}/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == FOREVER
    assert "#3fa372" in answer.text
    assert "<&</text>" not in answer.text


@pytest.mark.parametrize(
    "path", ["12/AL", "-1/AL", "x/AL", "03/AL", "3/ABC", "3/%0A", "3/%E2%80%AE", "%D9%A3/A"]
)
def test_other_letters_are_nothing(client: Client, path: str) -> None:
    assert client.get(f"/letter-avatar/{path}/").status_code == 404
