"""Debug ids and names of files: whatever is written, there is one spelling, and never an error."""

from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shipmark.artifacts import debug_ids, urls

UUIDS = st.uuids().filter(lambda uuid: uuid.int != 0)
TEXTS = st.text("ab/\\.:?#~%[]@ \n-é", max_size=30)
PATHS = st.lists(st.text("abc.-_é", min_size=1, max_size=5), min_size=1, max_size=4).map("/".join)
ORIGINS = st.sampled_from(
    ["https://a.example", "http://localhost:80", "app://", "//cdn.example", "~"]
)


@given(UUIDS, st.integers(0, 2**32 - 1), st.booleans(), st.booleans(), st.sampled_from(["", "-"]))
def test_a_debug_id_has_one_spelling(
    uuid: UUID, appendix: int, is_upper: bool, is_dashed: bool, dash: str
) -> None:
    text = (str(uuid) if is_dashed else uuid.hex) + dash + f"{appendix:x}"
    found = debug_ids.normalize(text.upper() if is_upper else text)
    assert found == (f"{uuid}-{appendix:x}" if appendix else str(uuid))
    assert debug_ids.normalize(found) == found


@given(st.text(max_size=50))
def test_any_text_is_a_debug_id_or_none(text: str) -> None:
    found = debug_ids.normalize(text)
    assert found is None or debug_ids.normalize(found) == found


@given(ORIGINS, PATHS)
def test_the_origin_does_not_matter(origin: str, path: str) -> None:
    assert f"~/{path}" in urls.candidates(f"{origin}/{path}")


@given(ORIGINS, st.text("[]() +=%é.a", min_size=1).map(str.strip).filter(bool))
def test_the_encoding_of_a_path_does_not_matter(origin: str, name: str) -> None:
    """Browsers send what the script's address says; the upload has the name of the file."""
    assert f"~/js/{name}" in urls.candidates(f"{origin}/js/{quote(name)}")
    assert (
        f"~/js/{quote(name, safe='!*()=')}" in urls.candidates(f"{origin}/js/{name}") or "%" in name
    )


@pytest.mark.parametrize(
    "path", ["C:\\srv\\app.js", "file:///C:/srv/app.js", "app:///C:/srv/app.js", "/C:/srv/app.js"]
)
def test_a_drive_is_part_of_the_origin(path: str) -> None:
    assert "~/srv/app.js" in urls.candidates(path)


def test_a_comment_may_name_a_map_with_blanks() -> None:
    script = b"x()\n//# sourceMappingURL=My App.js.map \n"
    assert urls.source_map_reference({}, script) == "My App.js.map"


@given(ORIGINS, PATHS, st.text("abc", min_size=1))
def test_a_map_beside_a_file_has_the_same_origin(origin: str, path: str, name: str) -> None:
    assume(not set(path.split("/")) & {".", ".."})
    folder = path.rpartition("/")[0]
    expected = "/".join(part for part in (origin, folder, f"{name}.map") if part)
    assert urls.resolve_url(f"{origin}/{path}", f"{name}.map") == expected


@given(TEXTS, TEXTS)
def test_any_names_are_looked_up_without_an_error(url: str, reference: str) -> None:
    names = urls.candidates(url)
    assert len(names) == len(set(names)) <= urls.NAMES_MAX
    assert isinstance(urls.resolve_url(url, reference), str)
    assert isinstance(urls.basename(url), str)


@given(st.binary(max_size=80), st.text(max_size=40))
def test_any_file_names_a_map_or_none(text: bytes, reference: str) -> None:
    for content in (text, b"//# sourceMappingURL=" + text):
        assert urls.source_map_reference({}, content) != ""
    assert urls.data_of(reference) is None or urls.is_data(reference)
    assert urls.data_of(f"data:{reference}") is None or urls.is_data(f"data:{reference}")
