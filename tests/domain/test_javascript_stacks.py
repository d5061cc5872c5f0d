"""Which frames ran JavaScript, and where: ingest.md 5.3."""

import pytest

from shipmark.events.payload import FRAMES_MAX, Json
from shipmark.symbolication import javascript_stacks
from shipmark.symbolication.javascript_stacks import CodePosition, ScriptFile

URL = "https://shop.example.com/app.js"
ID = "dfb8e43a-f242-3d73-a453-aeb6a777ef75"


def call(url: str = URL, **more: object) -> Json:
    return {"abs_path": url, "lineno": 1, "colno": 2, **more}


def stack(*frames: object) -> Json:
    return {"stacktrace": {"frames": list(frames)}}


def image(**more: object) -> Json:
    return {"type": "sourcemap", "code_file": URL, "debug_id": ID, **more}


def files(payload: Json) -> list[ScriptFile]:
    return list(javascript_stacks.files_of({"platform": "javascript", **payload}).values())


def mark(frame: Json) -> Json:
    return {**frame, "seen": True}


@pytest.mark.parametrize("platform", ["javascript", "node"])
def test_a_frame_has_the_platform_of_its_event(platform: str) -> None:
    assert javascript_stacks.position_of(call(), platform) == CodePosition(
        url=URL, line=1, column=2
    )


def test_a_frame_may_have_a_platform_of_its_own() -> None:
    """React Native sends native frames and JavaScript in one stack."""
    assert javascript_stacks.position_of(call(platform="javascript"), "cocoa")
    assert javascript_stacks.position_of(call(platform="native"), "javascript") is None
    assert javascript_stacks.position_of(call(), "python") is None
    assert javascript_stacks.position_of(call(), "") is None


def test_node_gives_the_path_as_filename_only() -> None:
    frame: Json = {"filename": "/srv/app/b.cjs", "lineno": 9, "colno": 105}
    assert javascript_stacks.position_of(frame, "node") == CodePosition(
        url="/srv/app/b.cjs", line=9, column=105
    )


@pytest.mark.parametrize("count", [None, 0, -1, "0", "x", "²", 1.5, True, 2**31, [], {}])
def test_a_place_counts_from_one(count: object) -> None:
    assert javascript_stacks.position_of(call(lineno=count), "node") is None
    assert javascript_stacks.position_of(call(colno=count), "node") is None


@pytest.mark.parametrize(
    ("url", "is_built"),
    [
        (URL, True),
        ("http://localhost/a.js", True),
        ("app:///main.js", True),
        ("capacitor://localhost/a.js", True),
        ("ionic://localhost/a.js", True),
        ("/srv/app/server.js", False),
        ("file:///srv/app/server.mjs", False),
        ("webpack-internal:///./src/a.js", False),
        ("C:\\srv\\app.js", False),
        ("http://[bad/a.js", True),
    ],
)
def test_what_is_served_was_built(url: str, is_built: bool) -> None:
    assert ScriptFile(url=url, debug_id=None).is_built == is_built
    assert ScriptFile(url=url, debug_id=ID).is_built


def test_files_of_a_browser_were_built() -> None:
    url = "file:///android_asset/www/main.js"
    payload: Json = {"exception": [stack(call(url))]}
    assert [file.is_built for file in files(payload)] == [True]
    assert [file.is_built for file in files(payload | {"platform": "node"})] == [False]


def test_an_extension_counts_where_the_client_reports_its_debug_id() -> None:
    url = "chrome-extension://abc/popup.js"
    payload: Json = {"exception": [stack(call(url))]}
    assert files(payload) == []
    [file] = files(payload | {"debug_meta": {"images": [image(code_file=url)]}})
    assert (file.url, file.debug_id) == (url, ID)


def test_each_file_comes_once_and_the_crash_first() -> None:
    payload = {"exception": {"values": [stack(call("/a/a.js"), call("/a/b.js"), call("/a/a.js"))]}}
    assert [file.url for file in files(payload)] == ["/a/a.js", "/a/b.js"]


@pytest.mark.parametrize(
    "payload",
    [
        {"exception": {"values": [stack(call())]}},
        {"exception": [stack(call())]},
        {"exception": stack(call())},
        {"threads": {"values": [stack(call())]}},
        stack(call()),
    ],
)
def test_stacks_are_found_and_changed_in_any_shape(payload: Json) -> None:
    assert [file.url for file in files(payload)] == [URL]
    changed = javascript_stacks.replaced(payload, mark)
    assert str(changed).count("'seen': True") == 1
    assert str(changed).count("raw_stacktrace") == 1
    assert str(payload).count("seen") == 0


def test_what_does_not_change_has_no_raw_stack() -> None:
    payload = {"exception": [stack(call()), {"type": "E"}, None], "threads": 5, **stack(1, None)}
    assert javascript_stacks.replaced(payload, lambda frame: frame) == payload


def test_frames_that_are_none_stay_where_they_are() -> None:
    changed = javascript_stacks.replaced(stack(None, call(), 5), mark)
    assert changed["stacktrace"] == {"frames": [None, mark(call()), 5]}


def test_of_a_stack_without_end_the_end_is_looked_at() -> None:
    frames = [call(f"/a/{at}.js") for at in range(FRAMES_MAX + 50)]
    assert len(files(stack(*frames))) == FRAMES_MAX
    changed = javascript_stacks.replaced(stack(*frames), mark)
    assert str(changed["stacktrace"]).count("seen") == FRAMES_MAX
    assert str(changed["stacktrace"]).count("abs_path") == FRAMES_MAX + 50


def test_a_debug_id_belongs_to_the_file_with_the_same_address() -> None:
    payload = {
        **stack(call(), call("https://shop.example.com/b.js")),
        "debug_meta": {"images": [image(debug_id=ID.upper().replace("-", ""))]},
    }
    assert {file.url: file.debug_id for file in files(payload)} == {
        URL: ID,
        "https://shop.example.com/b.js": None,
    }


@pytest.mark.parametrize(
    "odd",
    [
        image(type="macho"),
        image(debug_id="rubbish"),
        image(debug_id=5),
        image(debug_id="0" * 32),
        image(code_file=None),
        None,
        "image",
    ],
)
def test_an_odd_image_says_nothing(odd: object) -> None:
    (file,) = files({**stack(call()), "debug_meta": {"images": [odd]}})
    assert file.debug_id is None


@pytest.mark.parametrize(
    ("url", "code_file"),
    [
        (URL, f"{URL}?v=1"),
        (f"{URL}?v=1", URL),
        ("https://shop.example.com/%5Bid%5D.js", "https://shop.example.com/[id].js"),
        ("https://shop.example.com/[id].js", "https://shop.example.com/%5Bid%5D.js"),
        ("file:///srv/dist/a.js", "/srv/dist/a.js"),
        ("/srv/dist/a.js", "file:///srv/dist/a.js"),
        ("C:\\app\\a.js", "file:///C:/app/a.js"),
        ("app:///dist/a.js", "/dist/a.js"),
    ],
)
def test_a_debug_id_is_found_whatever_the_spelling(url: str, code_file: str) -> None:
    other = image(code_file="https://shop.example.com/other.js", debug_id="1" * 32)
    images = [other, image(code_file=code_file)]
    (file,) = files({**stack(call(url)), "debug_meta": {"images": images}})
    assert file.debug_id == ID


def test_of_two_hosts_with_one_path_neither_is_guessed() -> None:
    hosts = ("https://one.example", "https://two.example")
    images = [
        image(code_file=f"{host}/app.js", debug_id=f"{n}" * 32) for n, host in enumerate(hosts, 1)
    ]
    (file,) = files({**stack(call()), "debug_meta": {"images": images}})
    assert file.debug_id is None


def test_an_image_without_a_type_is_one_of_a_source_map() -> None:
    (file,) = files({**stack(call()), "debug_meta": {"images": [image(type=None)]}})
    assert file.debug_id == ID


@pytest.mark.parametrize("suffix", [" line 5 > eval", " line 5 > Function"])
def test_an_evaluated_text_is_no_file(suffix: str) -> None:
    assert files(stack(call(URL + suffix))) == []


def test_the_first_of_two_images_counts() -> None:
    images = [image(), image(debug_id="1" * 32)]
    (file,) = files({**stack(call()), "debug_meta": {"images": images}})
    assert file.debug_id == ID


def test_images_without_end_are_not_read_to_their_end() -> None:
    images = [image(code_file=f"{URL}{at}") for at in range(javascript_stacks.IMAGES_MAX)]
    (file,) = files({**stack(call()), "debug_meta": {"images": [*images, image()]}})
    assert file.debug_id is None
