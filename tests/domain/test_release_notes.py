"""Release notes in Markdown."""

from datetime import UTC, datetime

import pytest

from shipmark.releases.release_notes import NotedCommit, NotedRelease, markdown


def notes(*messages: str, **more: object) -> str:
    commits = [NotedCommit(message=message) for message in messages]
    return markdown(NotedRelease(title="1.0.0", released_at=None, commits=commits, **more))  # type: ignore[arg-type]  # keywords of a test


def test_commits_stand_in_sections_of_their_types() -> None:
    noted = NotedRelease(
        title="2.0.0",
        released_at=datetime(2026, 1, 31, tzinfo=UTC),
        commits=[
            NotedCommit(message="Split the bundle", author="Bola"),
            NotedCommit(message="fix(checkout): round totals\n\nFixes WEB-1", fixes=("WEB-1",)),
            NotedCommit(message="feat: add carts", author="ada"),
            NotedCommit(message="feat!: drop the old API", author="Bola"),
            NotedCommit(message="chore: bump\n\nBREAKING CHANGE: needs Node 24"),
        ],
        resolved=[("WEB-1", "TypeError: x[0]")],
        left_out_count=1200,
    )
    assert markdown(noted) == (
        "## 2.0.0\n\n"
        "Released on 2026-01-31.\n\n"
        "### Breaking changes\n\n- drop the old API, by Bola\n- bump\n\n"
        "### Features\n\n- add carts, by ada\n\n"
        "### Fixes\n\n- **checkout:** round totals (WEB-1)\n\n"
        "### Other\n\n- Split the bundle, by Bola\n\n"
        "And 1,200 more commits.\n\n"
        "### Resolved issues\n\n- WEB-1: TypeError: x\\[0\\]\n\n"
        "Authors: ada, Bola.\n"
    )


@pytest.mark.parametrize(
    ("message", "section", "line"),
    [
        ("FEAT: shout", "Features", "shout"),
        ("perf: be quick", "Performance", "be quick"),
        ("checkout: round totals", "Other", "checkout: round totals"),
        ("feat:without a space", "Other", "feat:without a space"),
        ("feat(): empty scope", "Other", "feat(): empty scope"),
        ("\n\n  fix: after empty lines", "Fixes", "after empty lines"),
        ("", "Other", "No message"),
    ],
)
def test_the_section_of_a_message(message: str, section: str, line: str) -> None:
    assert notes(message) == f"## 1.0.0\n\n### {section}\n\n- {line}\n"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("<img src=x> ![a](b) \\", "\\<img src=x> !\\[a\\](b) \\\\"),
        ("Call `a[0]` and `<b>` of `c", "Call `a[0]` and `<b>` of \\`c"),
        ("snake_case stays", "snake_case stays"),
    ],
)
def test_messages_stay_text(message: str, line: str) -> None:
    assert notes(message).endswith(f"- {line}\n")


def test_a_release_without_commits_has_a_title_only() -> None:
    assert notes() == "## 1.0.0\n"
