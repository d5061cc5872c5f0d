"""Paths as git quotes them."""

import subprocess
from pathlib import Path

import pytest

from shipmark.repositories.git.quoted_paths import unquoted_path


@pytest.mark.parametrize(
    ("quoted", "path"),
    [
        (r'"a/f\303\274.txt"', "a/fü.txt"),
        (r'"a \"b\"\\c\td"', 'a "b"\\c\td'),
        (r'"\377.txt"', "\ufffd.txt"),
        (r'"ü\n"', "ü\n"),
        # Not written by git: no escape, an unknown one, or one that is cut.
        ('"a.txt"', '"a.txt"'),
        (r'"a\x.txt"', r'"a\x.txt"'),
        (r'"a\30"', r'"a\30"'),
        (r'"a\"', r'"a\"'),
        (r'"\303\274', r'"\303\274'),
        (r"a\303.txt", r"a\303.txt"),
        ('"', '"'),
        ("", ""),
    ],
)
def test_only_paths_that_git_quoted_are_unquoted(quoted: str, path: str) -> None:
    assert unquoted_path(quoted) == path


@pytest.mark.parametrize(
    "name", ["fü.txt", 'a"b', "tab\there", "back\\slash", "日本語", "plain.txt"]
)
def test_what_git_prints_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    command = ["git", "ls-files", "--others"]
    printed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert unquoted_path(printed.stdout.removesuffix("\n")) == name
