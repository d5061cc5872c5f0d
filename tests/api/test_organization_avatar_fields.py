"""The avatar in the body that changes an organization (files-and-avatars.md 1.4.1)."""

from typing import Any

import pytest
from factories import Caller
from pictures import picture, sent

PATH = "/organizations/acme/"
LETTERS = {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None}


def changed(alice: Caller, body: dict[str, object]) -> dict[str, Any]:
    answer = alice.put(PATH, body)
    assert answer.status_code == 200
    shown: dict[str, Any] = answer.json()["avatar"]
    return shown


@pytest.mark.parametrize("body", [{}, {"avatar": None}, {"avatarType": None}, {"avatar": ""}])
def test_nothing_is_said_and_nothing_changed(alice: Caller, body: dict[str, object]) -> None:
    assert changed(alice, body) == LETTERS


def test_a_photo_without_a_type_is_shown(alice: Caller) -> None:
    shown = changed(alice, {"avatar": sent(picture())})
    assert shown["avatarType"] == "upload"
    assert shown["avatarUrl"]
    letters = changed(alice, {"avatarType": "letter_avatar"})
    assert letters == LETTERS | {"avatarUuid": shown["avatarUuid"]}
    assert changed(alice, {"avatarType": "upload"}) == shown


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"avatarType": "upload"},
            {"avatarType": ["Cannot set avatarType to upload without avatar"]},
        ),
        ({"avatarType": "gravatar"}, {"avatarType": ['"gravatar" is not a valid choice.']}),
        ({"avatar": "x"}, {"avatar": ["Invalid image format."]}),
    ],
)
def test_what_is_wrong_is_named_as_that_body_has_it(
    alice: Caller, body: dict[str, object], said: object
) -> None:
    answer = alice.put(PATH, body)
    assert (answer.status_code, answer.json()) == (400, said)
    assert alice.get(PATH).json()["avatar"] == LETTERS
