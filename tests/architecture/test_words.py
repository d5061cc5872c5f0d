"""Words of the code base: no private metaphors, no agents that a reader can't place, docstrings with a verb."""

import ast
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


#: No docstring of a function begins with one of these: its summary is an imperative sentence.
NO_VERBS = frozenset({"A", "An", "The", "What", "How", "Whether", "True", "False"})


def test_docstrings_of_functions_are_imperative() -> None:
    nouns = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {docstring.splitlines()[0]}"
        for path in sorted((ROOT / "src/shipmark").rglob("*.py"))
        if not any(part in str(path) for part in EXCLUDED)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (docstring := ast.get_docstring(node)) and docstring.split()[0] in NO_VERBS
    ]
    assert nouns == []
