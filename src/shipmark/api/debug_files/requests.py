"""Bodies and query parameters of debug files (files-and-avatars.md 9)."""

from typing import Annotated

from pydantic import ConfigDict, Field

from shipmark.api.queries import PageQuery, searched_text
from shipmark.artifacts import debug_ids
from shipmark.artifacts.model import VERSION_MAX
from shipmark.debug_files.store.debug_files import DebugFileFilter
from shipmark.http.validation import RequestModel, Text, optional, repeatable

_DEBUG_ID = "c941d872-af1f-4f0c-a7ff-ad3d295fe153"


class DebugFileListQuery(PageQuery):
    """A page of the debug files of a project, or one to download."""

    query: str | None = optional(
        "Text in names, ids, types, processors or checksums of debug files.", example="web"
    )
    debug_id: str | None = optional(
        "Only those of this debug id.", alias="debug_id", example=_DEBUG_ID
    )
    code_id: str | None = optional("Only those of this code id.", alias="code_id", example="a1b2c3")
    file_formats: list[str] = repeatable(
        "Only those of these types, such as `elf`, `macho`, `pdb`, `proguard`.",
        alias="file_formats",
        example="proguard",
    )
    id: str | None = optional("The debug file whose content is the response.", example="1")

    def debug_file_filter(self, project_id: int) -> DebugFileFilter:
        """Return what debug files must match."""
        return DebugFileFilter(
            project_id=project_id,
            text=searched_text(self.query) or None,
            # A text that is no debug id matches no file.
            debug_id=debug_ids.normalize(self.debug_id) or self.debug_id if self.debug_id else None,
            code_id=(self.code_id or "").lower() or None,
            symbol_types=self.file_formats,
        )


class DebugFileDeletionQuery(RequestModel):
    """The debug file to delete."""

    id: str = Field("", description="The debug file to delete. Required.", examples=["1"])


class UnknownFilesQuery(RequestModel):
    """The files to look for."""

    checksums: list[str] = repeatable(
        "SHA-1s of files.", example="da39a3ee5e6b4b0d3255bfef95601890afd80709"
    )


class MappingVersionsQuery(RequestModel):
    """The mapping whose versions are listed."""

    proguard_uuid: str = Field(
        "",
        alias="proguard_uuid",
        description="The id of the mapping. Required.",
        examples=[_DEBUG_ID],
    )


class MappingRequest(RequestModel):
    """A mapping of ProGuard and a version that it belongs to."""

    model_config = ConfigDict(alias_generator=None)

    release_name: Annotated[str, Text(max_length=VERSION_MAX)] = Field(description="Version.")
    proguard_uuid: Annotated[str, Text(max_length=100)] = Field(description="Id of the mapping.")
