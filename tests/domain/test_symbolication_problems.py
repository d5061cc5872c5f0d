"""What people read where a stack stays minified: each reason says what to do."""

import pytest

from shipmark.artifacts.artifact_lookup import SimilarFile, UploadSummary
from shipmark.artifacts.source_maps import MapErrorKind
from shipmark.symbolication import problems
from shipmark.symbolication.javascript_stacks import ScriptFile
from shipmark.symbolication.problems import Problem

URL = "https://shop.example.com/static/app.js"
ID = "dfb8e43a-f242-3d73-a453-aeb6a777ef75"
FILE = ScriptFile(url=URL, debug_id=None)
MAP = "~/static/app.js.map"


def missing(*similar: SimilarFile, dist: str = "", file: ScriptFile = FILE) -> Problem:
    survey = UploadSummary(has_files=True, similar={"app.js": similar})
    return problems.missing(file, "shop@1", dist, survey)


def test_no_release_and_no_debug_id() -> None:
    problem = problems.missing(FILE, "", "", UploadSummary(has_files=False))
    assert problem.message == (
        "The event has neither debug ids nor a release, so no uploaded file can belong to it."
        " Inject debug ids before files are uploaded, or set the release in the SDK."
    )


def test_a_debug_id_is_asked_for_first() -> None:
    problem = missing(
        SimilarFile(url="~/static/app.js", dist="7"), file=ScriptFile(url=URL, debug_id=ID)
    )
    assert problem.message == (
        f"No uploaded file has the debug id {ID} of {URL}."
        " Upload the files of the very build that is served."
    )
    assert problem.data == {"reason": "unknown_debug_id", "url": URL, "debug_id": ID}


def test_a_file_with_another_name() -> None:
    assert missing().message == (
        "The release shop@1 has files, but none that is called ~/static/app.js."
    )


def test_the_same_name_for_another_dist_is_nearer_than_another_name() -> None:
    problem = missing(
        SimilarFile(url="~/app.js", dist=None), SimilarFile(url="~/static/app.js", dist="7")
    )
    assert problem.data == {
        "reason": "other_dist",
        "url": URL,
        "found_dist": "7",
        "event_dist": None,
    }


def test_another_name_of_the_same_dist_is_nearer_than_of_another() -> None:
    problem = missing(
        SimilarFile(url="~/a/app.js", dist="7"), SimilarFile(url="~/b/app.js", dist="8"), dist="8"
    )
    assert problem.data["found"] == "~/b/app.js"


@pytest.mark.parametrize(
    ("problem", "type_", "message"),
    [
        (
            problems.no_reference(FILE),
            "js_no_sourcemap",
            (
                f"{URL} was uploaded, but it names no source map:"
                " there is neither a sourceMappingURL at its end nor a Sourcemap header."
            ),
        ),
        (
            problems.no_map_for_debug_id(FILE, ID),
            "js_missing_sourcemap",
            f"The file with the debug id {ID} was uploaded without its source map.",
        ),
        (
            problems.map_not_there(FILE, MAP),
            "js_missing_sourcemap",
            f"{URL} has its source map at {MAP}, which was not uploaded.",
        ),
        (
            problems.unreadable(FILE, "it is gone", is_map=True),
            "js_invalid_sourcemap",
            f"The source map of {URL} cannot be read: it is gone.",
        ),
        (
            problems.unreadable(FILE, "it is gone", is_map=False),
            "js_invalid_source",
            f"The uploaded file for {URL} cannot be read: it is gone.",
        ),
        (
            problems.too_large(FILE, 10**9),
            "js_too_large",
            f"What was uploaded for {URL} is too large to be read for an event.",
        ),
        (
            problems.broken_map(FILE, MAP, MapErrorKind.NOT_A_MAP, "it is not JSON"),
            "js_invalid_sourcemap",
            f"The source map {MAP} cannot be used: it is not JSON.",
        ),
        (
            problems.broken_map(FILE, MAP, MapErrorKind.TOO_LARGE, "it has more than 5 mappings"),
            "js_too_large",
            f"The source map {MAP} cannot be used: it has more than 5 mappings.",
        ),
        (
            problems.without_content(FILE, MAP, "src/cart.ts"),
            "js_missing_sources_content",
            (
                f"The source map {MAP} does not hold the content of src/cart.ts."
                " Build it with sourcesContent."
            ),
        ),
        (
            problems.unknown_place(FILE, MAP, 5, 7),
            "js_invalid_sourcemap_location",
            f"The source map {MAP} knows nothing of line 5, column 7. It may be of another build.",
        ),
    ],
)
def test_a_reason_is_a_sentence(problem: Problem, type_: str, message: str) -> None:
    assert (problem.type, problem.message) == (type_, message)
    assert problem.data["url"] == URL
    assert problem.data["reason"]


def test_one_file_has_each_reason_once() -> None:
    first, second = problems.unknown_place(FILE, MAP, 1, 1), problems.unknown_place(FILE, MAP, 2, 2)
    other = problems.unknown_place(ScriptFile(url="/b.js", debug_id=None), MAP, 1, 1)
    assert first.key == second.key
    assert first.key != other.key
    assert first.key != problems.no_reference(FILE).key


def test_an_address_without_end_is_cut_in_the_sentence() -> None:
    problem = problems.no_reference(
        ScriptFile(url="https://a.example/" + "x" * 4000, debug_id=None)
    )
    assert len(problem.message) < 500
