"""Which commit broke it: frames' paths against changed files (groups-api.md 7.4)."""

from datetime import UTC, datetime, timedelta

import pytest

from shipmark.events.payload import Json
from shipmark.issues.suspects import SUSPECTS_MAX, committers, frames_of, names_of, parts_of
from shipmark.releases.model import FileChange

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST, EARLIER = 9, 8


def touch(
    commit_id: int, filename: str, *, author: int | None = 1, release: int = FIRST, hour: int = 0
) -> FileChange:
    return FileChange(
        commit_id=commit_id,
        author_id=author,
        at=AT + hour * HOUR,
        release_id=release,
        filename=filename,
    )


def named(paths: list[str], touches: list[FileChange]) -> list[tuple[int | None, list[int]]]:
    """Who, and which of their commits, in order."""
    found = committers([parts_of(path) for path in paths], touches, FIRST)
    return [(it.author_id, [suspect.commit_id for suspect in it.suspects]) for it in found]


def stack(*frames: Json) -> Json:
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": list(frames)}}
    return {"exception": {"values": [raised]}}


def call(filename: str, **more: object) -> Json:
    return {"filename": filename, "in_app": True, **more}


@pytest.mark.parametrize(
    "path",
    [
        "src/shop/cart.js",
        "/src/shop/cart.js",
        "./src/shop/cart.js",
        "../src/./shop/cart.js",
        "src\\shop\\Cart.js",
        "C:\\src\\shop\\cart.js",
        "d:/src/shop/cart.js",
        "app:///src/shop/cart.js",
        "webpack:///./src/shop/cart.js",
        "webpack:///src/shop/cart.js?3f2a",
        "webpack://shop-front/./src/shop/cart.js",
        "webpack-internal:///./src/shop/cart.js",
        "https://cdn.example.com/src/shop/cart.js?v=1#L7",
        "file:///C:/src/shop/cart.js",
        "~/src/shop/cart.js",
        "SRC//SHOP/CART.JS",
        "https://cdn.example.com/src/sh%6Fp/cart.js",
    ],
)
def test_a_path_has_the_same_parts_however_it_is_written(path: str) -> None:
    assert parts_of(path) == ("src", "shop", "cart.js")


@pytest.mark.parametrize("path", ["", "/", "..", "C:", "app:///", "https://example.com", "//"])
def test_some_paths_have_no_parts(path: str) -> None:
    assert parts_of(path) == ()


def test_the_nearest_call_comes_first_and_each_path_once() -> None:
    payload = stack(call("a/one.py"), call("a/two.py"), call("a/one.py"), call("a/three.py"))
    assert frames_of(payload, 25) == [("a", "three.py"), ("a", "one.py"), ("a", "two.py")]
    assert frames_of(payload, 2) == [("a", "three.py"), ("a", "one.py")]


def test_calls_of_libraries_are_left_out() -> None:
    payload = stack(call("a/app.py"), call("lib/x.py", in_app=False), {"filename": "lib/y.py"})
    assert frames_of(payload, 25) == [("a", "app.py")]


def test_where_no_call_is_said_to_be_in_the_application_the_unsaid_count() -> None:
    payload = stack({"filename": "a/app.py"}, call("lib/x.py", in_app=False))
    assert frames_of(payload, 25) == [("a", "app.py")]
    assert frames_of(stack(call("lib/x.py", in_app=False)), 25) == []


@pytest.mark.parametrize(
    ("frame", "path"),
    [
        (call("cart.py", abs_path="/srv/shop/cart.py"), ("srv", "shop", "cart.py")),
        (call("cart.py", abs_path="/srv/shop/other.py"), ("cart.py",)),
        (
            call("/src/my%20cart.js", abs_path="file:///srv/src/my%20cart.js"),
            ("srv", "src", "my cart.js"),
        ),
        (call("src/my%20cart.js", abs_path="/srv/other.js"), ("src", "my%20cart.js")),
        (call("Cart.java", module="com.acme.Cart"), ("com", "acme", "cart.java")),
        (call("Cart.java", module="com.acme.Cart$Item"), ("com", "acme", "cart.java")),
        (call("Cart.java", module="com.acme.Other"), ("com", "acme", "cart.java")),
        (call("Cart.java", module="Cart"), ("cart.java",)),
        (call("", abs_path="/srv/a.py"), ("srv", "a.py")),
        (call("main.dart", abs_path="package:shop/main.dart"), ("lib", "main.dart")),
        (call("cart.dart", abs_path="package:shop/ui/cart.dart"), ("lib", "ui", "cart.dart")),
        (call("core.dart", abs_path="dart:core"), ("core.dart",)),
    ],
)
def test_a_bare_name_is_completed_where_the_client_says_more(
    frame: Json, path: tuple[str, ...]
) -> None:
    assert frames_of(stack(frame), 25) == [path]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"exception": None},
        stack(),
        stack(call("")),
        stack({"filename": [7], "in_app": True}),
        stack({"in_app": True, "module": ["x"], "abs_path": {}}),
        {"exception": {"values": [{"stacktrace": {"frames": "x"}}]}},
    ],
)
def test_an_odd_event_has_no_frames(payload: Json) -> None:
    assert frames_of(payload, 25) == []


def test_names_are_those_of_the_files() -> None:
    assert names_of([("a", "cart.py"), ("größe.py",)]) == {"cart.py", "größe.py"}


def test_the_newest_commit_of_the_first_release_leads() -> None:
    touches = [touch(1, "src/a.js", author=1, hour=1), touch(2, "src/a.js", author=2, hour=2)]
    assert named(["src/a.js"], touches) == [(2, [2]), (1, [1])]
    assert named(["src/a.js"], touches[::-1]) == [(2, [2]), (1, [1])]


def test_a_newer_commit_of_an_earlier_release_does_not_lead() -> None:
    touches = [
        touch(1, "src/a.js", author=1),
        touch(2, "src/a.js", author=2, release=EARLIER, hour=5),
    ]
    assert named(["src/a.js"], touches) == [(1, [1]), (2, [2])]


def test_the_first_release_leads_even_where_an_earlier_one_meets_better() -> None:
    touches = [
        touch(1, "shop/src/a.js", author=1, release=EARLIER),
        touch(2, "src/a.js", author=2),
    ]
    assert named(["shop/src/a.js"], touches) == [(2, [2]), (1, [1])]


def test_a_better_match_counts_more_than_a_newer_commit() -> None:
    touches = [touch(1, "shop/src/a.js", hour=1), touch(2, "admin/src/a.js", author=2, hour=2)]
    assert named(["shop/src/a.js"], touches) == [(1, [1])]


def test_without_one_of_the_first_release_the_nearest_frame_decides() -> None:
    touches = [
        touch(1, "x/far.js", author=1, release=EARLIER, hour=9),
        touch(2, "x/near.js", author=2, release=EARLIER),
    ]
    assert named(["x/near.js", "x/far.js"], touches) == [(2, [2]), (1, [1])]


def test_who_meets_more_frames_comes_before_who_meets_fewer() -> None:
    touches = [
        touch(0, "x/0.js", author=9),
        touch(1, "x/1.js", author=1, hour=5),
        touch(2, "x/2.js", author=2),
        touch(3, "x/3.js", author=2),
    ]
    frames = ["x/0.js", "x/1.js", "x/2.js", "x/3.js"]
    touches = [
        touch(it.commit_id, it.filename, author=it.author_id, release=EARLIER) for it in touches
    ]
    assert [who for who, _ in named(frames, touches)] == [9, 2, 1]


@pytest.mark.parametrize(
    ("frame", "file", "score"),
    [
        ("src/a.js", "src/a.js", 2),
        ("/srv/app/src/a.js", "src/a.js", 2),
        ("src/a.js", "packages/web/src/a.js", 2),
        ("src/a.js", "lib/a.js", None),
        ("a.js", "src/a.js", None),
        ("src/a.js", "a.js", 1),
        ("a.js", "a.js", 1),
        ("src/a.js", "src/a.jsx", None),
        ("src/a.js", "src/b/a.js", None),
        ("SRC/A.js", "src/a.JS", 2),
        ("src\\a.js", "src/a.js", 2),
    ],
)
def test_how_well_a_file_meets_a_frame(frame: str, file: str, score: int | None) -> None:
    found = committers([parts_of(frame)], [touch(1, file)], FIRST)
    assert [it.suspects[0].score for it in found] == ([] if score is None else [score])


def test_a_commit_is_named_once_with_its_best_file() -> None:
    touches = [
        touch(1, "x/y/a.js"),
        touch(1, "x/b.js"),
        touch(1, "x/y/a.js", release=EARLIER),
    ]
    [committer] = committers([parts_of("x/b.js"), parts_of("x/y/a.js")], touches, FIRST)
    [suspect] = committer.suspects
    assert (suspect.filename, suspect.score, suspect.release_id) == ("x/y/a.js", 3, FIRST)


def test_those_without_an_author_are_together() -> None:
    touches = [touch(1, "x/a.js", author=None), touch(2, "x/a.js", author=None, hour=1)]
    assert named(["x/a.js"], touches) == [(None, [2, 1])]


def test_nothing_meets_nothing() -> None:
    assert named([], [touch(1, "a.js")]) == []
    assert named(["a.js"], []) == []
    assert named(["x/a.js"], [touch(1, ""), touch(2, "/")]) == []


def test_the_list_of_suspects_ends() -> None:
    touches = [touch(number, "x/a.js", author=number % 3) for number in range(SUSPECTS_MAX * 2)]
    found = named(["x/a.js"], touches)
    assert sum(len(commits) for _, commits in found) == SUSPECTS_MAX
    assert found[0][1][0] == SUSPECTS_MAX * 2 - 1


def frame_paths(*frames: Json) -> list[tuple[str, ...]]:
    return frames_of(stack(*frames), 25)


def test_the_absolute_path_tells_files_of_one_relative_name_apart() -> None:
    """Two services of a repository may each have an app/views.py."""
    frame = call("app/views.py", abs_path="/srv/services/a/app/views.py")
    paths = frame_paths(frame)
    assert paths == [("srv", "services", "a", "app", "views.py")]
    theirs = touch(2, "services/b/app/views.py", author=2, hour=5)
    ours = touch(1, "services/a/app/views.py", author=1)
    found = committers(paths, [theirs, ours], FIRST)
    assert [(it.author_id, [each.score for each in it.suspects]) for it in found] == [(1, [4])]


def test_an_absolute_path_of_another_file_does_not_count() -> None:
    """Original stacks of minified code keep the address of the minified file."""
    frame = call("src/cart.ts", abs_path="https://shop.example.com/static/app.js")
    assert frame_paths(frame) == [("src", "cart.ts")]


def test_all_exceptions_of_a_chain_count_the_last_raised_first() -> None:
    values = [
        {"type": "E", "stacktrace": {"frames": [call("shop/db.py"), call("shop/pool.py")]}},
        {"type": "F", "stacktrace": {"frames": [call("shop/views.py"), call("shop/cart.py")]}},
    ]
    assert frames_of({"exception": {"values": values}}, 25) == [
        ("shop", name) for name in ("cart.py", "views.py", "pool.py", "db.py")
    ]
    assert len(frames_of({"exception": {"values": values}}, 3)) == 3


@pytest.mark.parametrize(
    ("filename", "module"),
    [
        ("Cart.kt", "com.acme.shop.CartKt"),
        ("Cart.kt", "com.acme.shop.CartKt$total$1"),
        ("Cart.kt", "com.acme.shop.Basket"),
        ("Cart.java", "com.acme.shop.Cart$Item"),
    ],
)
def test_a_name_of_the_jvm_is_in_the_folder_of_its_package(filename: str, module: str) -> None:
    [path] = frame_paths(call(filename, module=module))
    assert path == ("com", "acme", "shop", filename.lower())
    file = f"app/src/main/kotlin/com/acme/shop/{filename}"
    assert named(["/".join(path)], [touch(1, file)]) == [(1, [1])]


def test_a_bare_name_of_swift_meets_the_only_file_of_that_name() -> None:
    one, other = touch(1, "Sources/Shop/Cart.swift"), touch(2, "Sources/Admin/Cart.swift", author=2)
    assert named(["Cart.swift"], [one, touch(3, "Sources/Shop/Cart.swift", hour=1)]) == [
        (1, [3, 1])
    ]
    assert named(["Cart.swift"], [one, other]) == []
    assert named(["index.js"], [touch(1, "src/index.js")]) == []
