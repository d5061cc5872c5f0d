"""Bodies and query parameters of code mappings."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from shipmark.api.queries import PageQuery, ProjectQuery
from shipmark.http.validation import Items, RequestModel, Text, TrimmedText, optional
from shipmark.repositories.code_mappings import BRANCH_MAX, ROOT_MAX
from shipmark.repositories.model import REPOSITORY_NAME_MAX

#: The most mappings of a request; sentry-cli sends more in several.
BULK_MAX = 300


class CodeMappingListQuery(PageQuery, ProjectQuery):
    """A page of code mappings."""


class _EitherCase(RequestModel):
    """A body in camelCase, as `sentry-cli` sends it, or in snake_case, as the newer client does."""

    @model_validator(mode="before")
    @classmethod
    def _in_camel_case(cls, value: object) -> object:
        return (
            {to_camel(key): it for key, it in value.items()} if isinstance(value, dict) else value
        )


class CodeMappingRequest(_EitherCase):
    """A code mapping."""

    stack_root: Annotated[str, Text(max_length=ROOT_MAX)] = Field(
        description="Where paths in stacks begin.", examples=["com/example/shop"]
    )
    source_root: Annotated[str, Text(max_length=ROOT_MAX, blank=True)] = Field(
        description="Folder of the repository; blank for its top.",
        examples=["shop/src/main/java/com/example/shop"],
    )

    @property
    def roots(self) -> tuple[str, str]:
        """Return both roots, by which a mapping is known in its project."""
        return self.stack_root, self.source_root


class CodeMappingsRequest(_EitherCase):
    """Code mappings of a project to a repository."""

    project: TrimmedText = Field(description="Slug or id of the project.", examples=["web"])
    repository: Annotated[str, Text(max_length=REPOSITORY_NAME_MAX)] = Field(
        description="Name of the repository; one that is unknown is added.",
        examples=["acme/web"],
    )
    mappings: Annotated[list[CodeMappingRequest], Items(empty=False, max_length=BULK_MAX)] = Field(
        description="Mappings to add or change."
    )
    default_branch: Annotated[str, Text(max_length=BRANCH_MAX, blank=True)] | None = optional(
        "Branch that links lead to where a release has no commit of the repository.",
        example="main",
    )
    provider: Annotated[str, Text(blank=True)] | None = optional(
        "Accepted, without effect: repositories are known by name."
    )
