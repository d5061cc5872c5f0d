"""The keys of pages, as they are listed; the modules in ``static/`` act on them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """Keys and what they do. ``is_sequence`` if they are pressed one after the other; else each does it."""

    keys: tuple[str, ...]
    action: str
    is_sequence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortcutGroup:
    """The keys of some pages."""

    name: str
    shortcuts: Sequence[Shortcut]


def shortcut_groups(sections: Sequence[tuple[str, str]]) -> Sequence[ShortcutGroup]:
    """Return all keys; ``sections`` are the names of the sections with their letters."""
    return (
        ShortcutGroup(
            name="Everywhere",
            shortcuts=(
                Shortcut(keys=("⌘K", "Ctrl K"), action="Search everything"),
                Shortcut(keys=("/",), action="Focus the search of the page"),
                *(
                    Shortcut(keys=("G", letter.upper()), action=f"Go to {name}", is_sequence=True)
                    for name, letter in sections
                ),
                Shortcut(keys=("?",), action="Show this list"),
                Shortcut(keys=("Esc",), action="Close a menu or dialog"),
            ),
        ),
        ShortcutGroup(
            name="Lists",
            shortcuts=(
                Shortcut(keys=("J",), action="Next row, or issue of the list"),
                Shortcut(keys=("K",), action="Previous row, or issue of the list"),
                Shortcut(keys=("Enter",), action="Open the row"),
                Shortcut(keys=("X",), action="Select the row"),
                Shortcut(keys=("Shift X",), action="Select all rows up to this one"),
            ),
        ),
        ShortcutGroup(
            name="Issues and releases",
            shortcuts=(
                Shortcut(keys=("E",), action="Resolve the issue, or the selected ones"),
                Shortcut(keys=("A",), action="Archive the issue, or the selected ones"),
                Shortcut(keys=("M",), action="Assign the issue, or the selected ones"),
                Shortcut(keys=("[",), action="Previous release, issue or event, or newer page"),
                Shortcut(keys=("]",), action="Next release, issue or event, or older page"),
            ),
        ),
    )
