"""Debug ids in all spellings: files-and-avatars.md 6.2."""

import pytest

from shipmark.artifacts import debug_ids

ID = "dfb8e43a-f242-3d73-a453-aeb6a777ef75"
DIGITS = ID.replace("-", "")


@pytest.mark.parametrize(
    "text",
    [
        ID,
        ID.upper(),
        DIGITS,
        DIGITS.upper(),
        f"  {ID}\n",
        f"{ID}-0",
        f"{DIGITS}0",
        f"{DIGITS}00000000",
        f"{ID}-00000000",
    ],
)
def test_all_spellings_are_one(text: str) -> None:
    assert debug_ids.normalize(text) == ID


@pytest.mark.parametrize("text", [f"{ID}-A", f"{DIGITS}a", f"{DIGITS}-0000000A", f"{DIGITS}0A"])
def test_an_appendix_stays(text: str) -> None:
    assert debug_ids.normalize(text) == f"{ID}-a"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-",
        ID[:-1],
        f"{ID}-",
        f"{ID}-123456789",
        f"{ID}x",
        f"{ID} {ID}",
        "é" * 32,
        "１" * 32,
    ],
)
def test_nothing_else_is_one(text: str) -> None:
    assert debug_ids.normalize(text) is None


def test_nil_is_no_id() -> None:
    assert debug_ids.normalize("0" * 32) is None
    assert debug_ids.normalize("0" * 33) is None


def test_a_bundle_without_one_has_the_first_digits_of_its_checksum() -> None:
    assert debug_ids.of_checksum("dfb8e43af2423d73a453aeb6a777ef75cafebabe") == ID


def test_no_checksum_no_id() -> None:
    assert debug_ids.of_checksum("rubbish") is None
