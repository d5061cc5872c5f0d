"""The page that says what goes with a deletion, and asks for confirmation."""

from collections.abc import Sequence
from dataclasses import dataclass

from shipmark.infrastructure.errors import BadRequest
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import WebRequest, Workspace


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


def confirmation_page(
    web_request: WebRequest,
    workspace: Workspace,
    deletion: Deletion,
    *,
    typed: str = "",
    problem: str = "",
) -> Answer:
    """Return the page; ``problem`` is about the confirmation that was typed."""
    return page(
        web_request,
        "settings/deletion.html",
        status=400 if problem else 200,
        workspace=workspace,
        deletion=deletion,
        typed=typed,
        problem=problem,
    )
