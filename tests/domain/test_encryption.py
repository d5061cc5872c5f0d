"""Secrets that must be read again are kept encrypted."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shipmark.infrastructure.encryption import Cipher, DecryptionError


def test_a_key_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    safe = Cipher(text="", file=tmp_path / "data" / "secret.key")
    kept = safe.encrypt("hunter2 é")
    assert b"hunter2" not in kept
    assert safe.decrypt(kept) == "hunter2 é"
    assert safe.file.stat().st_mode & 0o777 == 0o600
    assert [it.name for it in safe.file.parent.iterdir()] == ["secret.key"]


def test_who_makes_it_at_once_agrees(tmp_path: Path) -> None:
    safe = Cipher(text="", file=tmp_path / "secret.key")
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(safe.encrypt, map(str, range(16))))
    assert [safe.decrypt(it) for it in kept] == [str(number) for number in range(16)]


def test_a_text_is_a_key_too_and_needs_no_file(tmp_path: Path) -> None:
    kept = Cipher(text="long and random", file=tmp_path / "none").encrypt("x")
    assert Cipher(text="long and random", file=tmp_path / "none").decrypt(kept) == "x"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", [b"", b"rubbish", b"gAAAAA"])
def test_what_was_not_sealed_is_no_secret(tmp_path: Path, kept: bytes) -> None:
    with pytest.raises(DecryptionError):
        Cipher(text="key", file=tmp_path / "none").decrypt(kept)


def test_another_key_and_a_broken_file_are_told(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    kept = Cipher(text="one", file=file).encrypt("x")
    with pytest.raises(DecryptionError, match="SHIPMARK_SECRET_KEY"):
        Cipher(text="two", file=file).decrypt(kept)
    file.write_text("broken")
    with pytest.raises(DecryptionError, match=r"secret\.key"):
        Cipher(text="", file=file).decrypt(kept)


def test_the_secret_of_hashes_is_the_text_or_the_key_of_the_file(tmp_path: Path) -> None:
    assert Cipher(text="long and random", file=tmp_path / "none").secret() == b"long and random"
    safe = Cipher(text="", file=tmp_path / "secret.key")
    assert safe.secret() == safe.secret() == safe.file.read_bytes()
    with pytest.raises(DecryptionError):
        Cipher(text="", file=tmp_path).secret()
