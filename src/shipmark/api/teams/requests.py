"""Bodies and query parameters of teams (auth-and-errors.md 8.5)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from shipmark.api.queries import DetailedQuery, PageQuery
from shipmark.http.validation import Omittable, RequestModel, Text, optional, refuse, require
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import slugs
from shipmark.organizations.model import NAME_MAX, SLUG_MAX
from shipmark.projects.model import PLATFORM_MAX
from shipmark.projects.settings import NewProject

#: The slug of a team or a project.
TeamSlug = Annotated[
    str, Text(max_length=SLUG_MAX), require(slugs.TEAM_PATTERN.fullmatch, slugs.NO_MATCH)
]


class TeamListQuery(PageQuery, DetailedQuery):
    """A page of the teams of an organization."""

    query: str | None = optional(
        "Text in slugs or names, or terms such as `slug:core` and `id:1`.", example="core"
    )


class TeamUpdateRequest(RequestModel):
    """Changes of a team."""

    name: Omittable[Annotated[str, Text(max_length=NAME_MAX)]] = optional("Name of the team.")
    slug: Omittable[TeamSlug] = optional("Slug, unique in the organization.")


class TeamRequest(TeamUpdateRequest):
    """A new team, with a name or a slug."""

    @model_validator(mode="after")
    def _require_name_or_slug(self) -> Self:
        if not (self.name or self.slug):
            raise refuse("Name or slug is required")
        return self

    def new_slug(self) -> str:
        """Return the slug, or one made of the name."""
        return self.slug or slugs.from_name(self.name or "") or hex32()[:12]


class NewProjectRequest(RequestModel):
    """A new project that a team owns."""

    name: Annotated[str, Text(max_length=SLUG_MAX)] = Field(description="Name of the project.")
    slug: Omittable[TeamSlug] = optional(
        "Slug, unique in the organization; by default made of the name."
    )
    platform: Annotated[str, Text(max_length=PLATFORM_MAX, blank=True)] | None = optional(
        "Platform of the project, such as `python`."
    )

    def to_input(self) -> NewProject:
        """Return the project for the domain."""
        return NewProject(
            name=self.name,
            slug=self.slug,
            platform=self.platform or None,
            spare_slug=hex32()[:12],
            key=(hex32(), hex32()),
        )
