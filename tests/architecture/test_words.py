"""Words that the code base does not use: private metaphors, and agents that a reader can't place."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: What is read: code, pages and documents. The log of changes and the decision about names speak of earlier ones.
FOLDERS = ("src/shipmark", "docs", "bench", "README.md")
EXCLUDED = ("migrations/versions", "0023-standard-names")

BANNED = re.compile(
    # "stretch" is a value of CSS, after a colon.
    r"\b(?<!-self: )(nobody|somebody|anybody|everybody|whoever|rooms?|doors?|house|visits?|visitors?"
    r"|errands?|glance|stretch(?:es)?|says whether|says if)\b",
    re.IGNORECASE,
)


def files() -> Iterator[Path]:
    for folder in FOLDERS:
        path = ROOT / folder
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        for each in found:
            is_text = each.suffix in {".py", ".md", ".html", ".js", ".css"}
            if is_text and not any(part in str(each) for part in EXCLUDED):
                yield each


def test_no_banned_word_is_used() -> None:
    uses = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in files()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        for match in BANNED.finditer(line)
    ]
    assert uses == []
