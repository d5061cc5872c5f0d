"""Which parameters have the addresses of debug files? See ``parameters.py``."""

from dataclasses import replace

from shipmark.api.query_parameters import RELEASE_QUERY, Parameter

_DEBUG_ID = "c941d872-af1f-4f0c-a7ff-ad3d295fe153"

DEBUG_FILES = (
    replace(
        RELEASE_QUERY,
        about="Text that names, ids, types, processors or checksums of debug files hold.",
        example="web",
    ),
    Parameter(name="debug_id", about="Only those of this debug id.", example=_DEBUG_ID),
    Parameter(name="code_id", about="Only those of this code id.", example="a1b2c3"),
    Parameter(
        name="file_formats",
        about="Only those of these types, such as `elf`, `macho`, `pdb`, `proguard`.",
        example="proguard",
        is_repeatable=True,
    ),
    Parameter(name="id", about="Answer with the content of this debug file.", example="1"),
)
DEBUG_FILE = Parameter(
    name="id", about="The debug file that is to be deleted.", example="1", is_required=True
)
UNKNOWN = Parameter(
    name="checksums",
    about="SHA-1s of files.",
    example="da39a3ee5e6b4b0d3255bfef95601890afd80709",
    is_repeatable=True,
)
MAPPING = Parameter(
    name="proguard_uuid",
    about="The id of the mapping.",
    example=_DEBUG_ID,
    is_required=True,
)
