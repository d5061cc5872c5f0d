"""Avatars of initials on a colour (files-and-avatars.md 2.6)."""

from html import escape

#: The colours, in the order of their numbers.
COLOURS = (
    "#4674ca", "#315cac", "#57be8c", "#3fa372", "#f9a66d", "#ec5e44",
    "#e63717", "#f868bc", "#6c5fc7", "#4e3fb4", "#57b1be", "#847a8c",
)  # fmt: skip
INITIALS_MAX = 2


def render_svg(letters: str, number: int) -> str:
    """Return an SVG of the letters on the colour, without styles and scripts."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" role="img"'
        f' aria-label="{escape(letters)}">'
        f'<rect x="0" y="0" width="120" height="120" rx="15" ry="15" fill="{COLOURS[number]}"/>'
        '<text x="50%" y="50%" font-size="65" font-family="sans-serif" dy=".35em"'
        f' text-anchor="middle" fill="#fff">{escape(letters)}</text></svg>'
    )
