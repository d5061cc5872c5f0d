"""The view model of pages that confirm the deletion of an organization, a project, a team or a repository."""

from collections.abc import Sequence
from dataclasses import dataclass

from shipmark.infrastructure.errors import BadRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What is deleted: its kind in words, its name, and sentences about what goes with it.

    ``slug`` is the text to type as confirmation, or "" if a press of the button is enough. ``cancel_address`` is the
    URL to return to.
    """

    kind: str
    name: str
    consequences: Sequence[str]
    address: str
    cancel_address: str
    slug: str = ""

    def require(self, typed: str) -> None:
        """Raise `BadRequest` unless the slug was typed."""
        if typed.strip() != self.slug:
            raise BadRequest(f"Type {self.slug} to delete the {self.kind}.")
