"""From the paths of a frame to a file in a repository."""

import pytest

from shipmark.events.payload import paths_of
from shipmark.repositories.code_mappings import CodeMapping, SourceFinder


def mapping(stack_root: str, source_root: str, number: int = 1) -> CodeMapping:
    return CodeMapping(
        id=number,
        project_id=1,
        repository_id=1,
        stack_root=stack_root,
        source_root=source_root,
        default_branch="main",
    )


@pytest.mark.parametrize(
    ("root", "source", "path", "found"),
    [
        ("app", "src", "app/cart.py", "src/cart.py"),
        ("app/", "src/", "app/cart.py", "src/cart.py"),
        ("app", "", "app/shop/cart.py", "shop/cart.py"),
        ("./", "src", "./cart.js", "src/cart.js"),
        ("/", "src", "/cart.js", "src/cart.js"),
        ("app:///", "web", "app:///main.js", "web/main.js"),
        ("webpack:///./src", "front/src", "webpack:///./src/a.ts", "front/src/a.ts"),
        ("C:\\build\\shop", "shop", "C:\\build\\shop\\Cart.cs", "shop/Cart.cs"),
        ("file:///app/my src", "src", "file:///app/my%20src/my%20cart.py", "src/my cart.py"),
        ("file:///app/my%20src", "src", "file:///app/my src/cart.py", "src/cart.py"),
        ("webpack:///./src", "src", "webpack:///./src/%5Bid%5D.js?1f2a#x", "src/[id].js"),
        ("app", "src", "app/my%20cart.py", "src/my%20cart.py"),
        ("app", "src", "apple/cart.py", None),
        ("app", "src", "app", None),
        ("App", "src", "app/cart.py", None),
    ],
)
def test_a_root_is_replaced_where_a_path_begins_with_it(
    root: str, source: str, path: str, found: str | None
) -> None:
    result = SourceFinder([mapping(root, source)]).find([path])
    assert (result and result.path) == found


def test_the_longest_root_decides_then_the_first_mapping() -> None:
    mappings = [mapping("app", "a", 1), mapping("app/shop", "b", 2), mapping("app/shop", "c", 3)]
    found = SourceFinder(mappings).find(["/srv/app/shop/cart.py", "app/shop/cart.py"])
    assert found is not None
    assert (found.mapping.id, found.path) == (2, "b/cart.py")


@pytest.mark.parametrize(
    ("frame", "paths"),
    [
        ({"filename": "a/b.py", "abs_path": "/srv/a/b.py"}, ["a/b.py", "/srv/a/b.py"]),
        (
            {"filename": "Cart.kt", "module": "com.example.shop.CartKt"},
            ["Cart.kt", "com/example/shop/Cart.kt"],
        ),
        ({"filename": "a/b.py", "module": "a.b"}, ["a/b.py"]),
        ({"filename": None, "module": ["a"], "abs_path": False}, []),
    ],
)
def test_a_frame_has_the_paths_that_its_client_reports(
    frame: dict[str, object], paths: list[str]
) -> None:
    assert paths_of(frame) == paths
