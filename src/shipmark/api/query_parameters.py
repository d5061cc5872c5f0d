"""Which parameters can an address have? Routes declare those that they read: ``asks=(QUERY, *PAGE)``.

``api/document`` tells them to the world, and a test proves that a route reads what it declares and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

_TEXT: Mapping[str, object] = {"type": "string"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter in the query of an address; one that is repeatable may come more than once."""

    name: str
    about: str
    schema: Mapping[str, object] = field(default_factory=lambda: _TEXT)
    example: str | None = None
    is_repeatable: bool = False
    is_required: bool = False


CURSOR = Parameter(
    name="cursor",
    about="Where the page begins: a text out of the `Link` header of another page.",
    schema={"type": "string", "pattern": r"^-?\d+:\d+:[01]$"},
    example="0:0:0",
)
