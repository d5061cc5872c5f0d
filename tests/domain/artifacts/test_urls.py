"""Names that a frame's file may have been uploaded under: files-and-avatars.md 8.5."""

import base64

import pytest

from shipmark.artifacts import urls


@pytest.mark.parametrize(
    ("url", "names"),
    [
        (
            "https://a.example/static/app.js?v=1#x",
            (
                "https://a.example/static/app.js?v=1",
                "https://a.example/static/app.js",
                "~/static/app.js?v=1",
                "~/static/app.js",
            ),
        ),
        ("http://a.example:8080/app.js", ("http://a.example:8080/app.js", "~/app.js")),
        ("//cdn.example/a.js", ("//cdn.example/a.js", "~/a.js")),
        ("app:///dist/main.js", ("app:///dist/main.js", "~/dist/main.js")),
        ("app://com.acme.shop/x.js", ("app://com.acme.shop/x.js", "~/x.js")),
        ("file:///srv/app/x.js", ("file:///srv/app/x.js", "~/srv/app/x.js")),
        ("/srv/app/x.js", ("/srv/app/x.js", "~/srv/app/x.js")),
        ("C:\\srv\\app.js", ("C:\\srv\\app.js", "~/srv/app.js", "~/C:/srv/app.js")),
        ("\\\\?\\C:\\srv\\app.js", ("C:\\srv\\app.js", "~/srv/app.js", "~/C:/srv/app.js")),
        (
            "file:///c%3A/srv/app.js",
            (
                "file:///c%3A/srv/app.js",
                "~/srv/app.js",
                "~/c%3A/srv/app.js",
                "file:///c:/srv/app.js",
                "~/c:/srv/app.js",
                "file:///c%3a/srv/app.js",
                "~/c%3a/srv/app.js",
            ),
        ),
        ("\\\\pc\\share\\app.js", ("\\\\pc\\share\\app.js", "~/share/app.js")),
        ("\\\\?\\UNC\\pc\\share\\app.js", ("\\\\pc\\share\\app.js", "~/share/app.js")),
        ("file:////pc/share/app.js", ("//pc/share/app.js", "~/share/app.js")),
        (
            "https://a.example//x//a.js",
            ("https://a.example//x//a.js", "~/x//a.js", "~/x/a.js"),
        ),
        ("webpack:///./src/a.js", ("webpack:///./src/a.js", "~/./src/a.js", "~/src/a.js")),
        ("./dist/a.js", ("./dist/a.js", "~/./dist/a.js", "~/dist/a.js")),
        ("app:///./x/../a.js", ("app:///./x/../a.js", "~/./x/../a.js", "~/a.js")),
        ("app:///../../a.js", ("app:///../../a.js", "~/../../a.js", "~/a.js")),
        (
            "https://a.example/x/./a.js?b=./c",
            (
                "https://a.example/x/./a.js?b=./c",
                "https://a.example/x/./a.js",
                "~/x/./a.js?b=./c",
                "~/x/./a.js",
                "~/x/a.js?b=./c",
                "~/x/a.js",
            ),
        ),
        ("async https://a.example/a.js", ("https://a.example/a.js", "~/a.js")),
        ("async async app:///a.js", ("app:///a.js", "~/a.js")),
        ("~/a.js", ("~/a.js",)),
        ("~/a.js?v", ("~/a.js?v", "~/a.js")),
        (
            "https://a.example/%5Bid%5D.js",
            (
                "https://a.example/%5Bid%5D.js",
                "~/%5Bid%5D.js",
                "https://a.example/[id].js",
                "~/[id].js",
                "https://a.example/%5bid%5d.js",
                "~/%5bid%5d.js",
            ),
        ),
        (
            "https://a.example/[id].js",
            (
                "https://a.example/[id].js",
                "~/[id].js",
                "https://a.example/%5Bid%5D.js",
                "~/%5Bid%5D.js",
                "https://a.example/%5bid%5d.js",
                "~/%5bid%5d.js",
            ),
        ),
        ("~/a;b.js", ("~/a;b.js", "~/a%3Bb.js", "~/a", "~/a%3bb.js")),
        ("~/(a).js", ("~/(a).js", "~/%28a%29.js")),
        (
            "~/o\u0308",
            ("~/o\u0308", "~/o%CC%88", "~/\u00f6", "~/%C3%B6", "~/o%cc%88", "~/%c3%b6"),
        ),
        (
            "http://[::1/x.js",
            ("http://[::1/x.js", "~/x.js", "http://%5B::1/x.js", "http://%5b::1/x.js"),
        ),
        ("", ()),
        ("#x", ()),
        ("data:text/javascript,x", ()),
    ],
)
def test_names_come_best_first(url: str, names: tuple[str, ...]) -> None:
    assert urls.candidates(url) == names


def test_a_name_without_end_is_cut() -> None:
    assert all(
        len(name) <= urls.URL_MAX + 2 for name in urls.candidates("http://a/" + "x" * 99_999)
    )


@pytest.mark.parametrize(
    ("url", "reference", "found"),
    [
        ("~/static/app.js", "app.js.map", "~/static/app.js.map"),
        ("~/static/app.js", "../maps/app.js.map", "~/maps/app.js.map"),
        ("~/static/app.js", "/maps/a.map", "~/maps/a.map"),
        ("~/static/app.js", "~/maps/a.map", "~/maps/a.map"),
        ("~/a.js?v=1", "a.js.map?v=1", "~/a.js.map?v=1"),
        ("~/a.js", "https://m.example/a.map", "https://m.example/a.map"),
        ("https://a.example/x/a.js?v", "a.map", "https://a.example/x/a.map"),
        ("https://a.example/x/a.js", "/a.map", "https://a.example/a.map"),
        ("app:///dist/a.js", "a.map", "app:///dist/a.map"),
        ("file:///srv/a.js", "maps\\a.map", "file:///srv/maps/a.map"),
        ("/srv/app/a.js", "a.map", "/srv/app/a.map"),
        ("dist/a.js", "a.map", "dist/a.map"),
        ("a.js", "./maps/a.map", "maps/a.map"),
        ("dist/a.js", "/maps/a.map", "/maps/a.map"),
        ("C:\\dist\\a.js", "a.map", "C:/dist/a.map"),
        ("~/a.js", "data:application/json,{}", "data:application/json,{}"),
        ("~/a.js", "http://[bad", "http://[bad"),
        ("~/a.js", "../../../a.map", "~/a.map"),
    ],
)
def test_a_reference_is_joined_to_the_files_address(url: str, reference: str, found: str) -> None:
    assert urls.resolve_url(url, reference) == found


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        (b"x()\n//# sourceMappingURL=a.js.map\n", "a.js.map"),
        (b"x()\n//@ sourceMappingURL=a.js.map", "a.js.map"),
        (b"x{}\n/*# sourceMappingURL=a.css.map */", "a.css.map"),
        (b"//# sourceMappingURL=old.map\nx()\n//# sourceMappingURL=new.map", "new.map"),
        (b"x()", None),
        (b"", None),
        (b"y='sourceMappingURL='", None),
        (b"//# sourceMappingURL=", None),
    ],
)
def test_the_last_comment_says_where_the_map_is(text: bytes, reference: str | None) -> None:
    assert urls.source_map_reference({}, text) == reference


def test_a_header_wins() -> None:
    headers = {"sourcemap": "b.map"}
    assert urls.source_map_reference(headers, b"//# sourceMappingURL=a.map") == "b.map"


@pytest.mark.parametrize(
    ("reference", "content"),
    [
        ("data:application/json;base64," + base64.b64encode(b"{}").decode(), b"{}"),
        ("data:application/json;charset=utf-8;base64,e30", b"{}"),
        ("data:application/json;base64;charset=utf-8,e30=", b"{}"),
        ("data:application/json,%7B%7D", b"{}"),
        ("DATA:,{}", b"{}"),
        ("data:application/json", None),
        ("data:;base64,a", None),
        ("http://a.example/", None),
    ],
)
def test_a_map_may_be_in_the_reference(reference: str, content: bytes | None) -> None:
    assert urls.data_of(reference) == content


@pytest.mark.parametrize(
    ("url", "name"),
    [("~/a/b.js?x#y", "b.js"), ("C:\\a\\b.js", "b.js"), ("b.js", "b.js"), ("~/a/", "a"), ("", "")],
)
def test_people_know_a_file_by_the_last_part(url: str, name: str) -> None:
    assert urls.basename(url) == name
