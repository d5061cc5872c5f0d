"""``releases/{version}/files/``: lists of the files of a release, and those in its bundles."""

from base64 import urlsafe_b64encode

import pytest
from artifacts import asked, bundle, many, send, sha1
from factories import NOT_FOUND, RELEASES, Caller
from sent_files import CONTENT, FILES, add, names

pytestmark = pytest.mark.usefixtures("web_release")


def test_lists_are_searched(alice: Caller) -> None:
    for name in ("~/app.js", "~/app.js.map", "~/vendor_1.js", "~/100%.js"):
        add(alice, name, name.encode())
    assert names(alice) == ["~/100%.js", "~/app.js", "~/app.js.map", "~/vendor_1.js"]
    assert names(alice, "query=APP.JS") == ["~/app.js", "~/app.js.map"]
    assert names(alice, "query=%22app.js%22") == ["~/app.js", "~/app.js.map"]
    assert names(alice, "query=%E2%80%9Capp.js%E2%80%9D") == ["~/app.js", "~/app.js.map"]
    assert names(alice, "query=vendor_&query=%25") == ["~/100%.js", "~/vendor_1.js"]
    assert names(alice, "query=nosuch") == []
    assert names(alice, f"checksum={sha1(b'~/app.js')}&checksum=x") == ["~/app.js"]


@pytest.mark.parametrize(("parameter", "most"), [("query", 100), ("checksum", 500)])
def test_lists_are_searched_for_so_many_texts(alice: Caller, parameter: str, most: int) -> None:
    add(alice)
    texts = [f"{number:040x}" for number in range(most - 1)]
    found = "~/app.js" if parameter == "query" else sha1(CONTENT)
    pairs = "&".join(f"{parameter}={text}" for text in [*texts, found])
    assert names(alice, pairs) == ["~/app.js"]
    refused = alice.get(f"{FILES}?{pairs}&{parameter}=x")
    told = {"detail": f"{parameter}: takes no more than {most} values."}
    assert (refused.status_code, refused.json()) == (400, told)


def test_of_files_of_a_name_the_one_without_a_dist_is_first(alice: Caller) -> None:
    for dist in ("2", "", "1"):
        add(alice, dist=dist)
    add(alice, "~/b.js")
    shown = [(it["name"], it["dist"]) for it in alice.get(FILES).json()]
    assert shown == [("~/app.js", dist) for dist in (None, "1", "2")] + [("~/b.js", None)]


def test_files_are_searched_by_letters_of_other_languages(alice: Caller) -> None:
    add(alice, "~/Über-größe.js")
    for text in ("Über", "über", "ÜBER", "GRÖ", "größe"):
        assert names(alice, f"query={text}") == ["~/Über-größe.js"], text


def test_lists_have_pages(alice: Caller) -> None:
    for number in range(5):
        add(alice, f"~/{number}.js")
    first = alice.get(f"{FILES}?per_page=3")
    assert len(first.json()) == 3
    assert 'rel="next"; results="true"' in first.headers["link"]
    assert names(alice, "per_page=3&cursor=3:1:0") == ["~/3.js", "~/4.js"]
    far = alice.get(f"{FILES}?cursor=100:201:0")
    assert (far.status_code, far.json()) == (400, {"detail": "Pagination offset too large"})


def test_the_files_of_a_bundle_are_listed_behind_the_others(alice: Caller) -> None:
    add(alice, "~/z.js")
    for dist in ("7", None):
        whole = bundle(many(11), release="web@1.0.0", **({"dist": dist} if dist else {}))
        send(alice, whole)
        alice.post(f"{RELEASES}web@1.0.0/assemble/", asked(whole))
    shown = alice.get(FILES).json()
    assert [it["dist"] for it in shown] == [None] + ["7"] * 11 + [None] * 11
    assert names(alice, "per_page=5&cursor=5:2:0") == [it["name"] for it in shown[10:15]]
    one = next(it for it in shown if it["name"] == "~/3.js")
    assert one["id"] == urlsafe_b64encode(b"7_~/3.js").decode()
    assert (one["size"], one["sha1"]) == (1, sha1(b"3"))
    path = f"{FILES}{one['id']}/"
    assert alice.get(path).json() == one
    assert alice.get(f"{path}?download").content == b"3"
    only = {"detail": "Can only update release files with integer IDs"}
    assert alice.put(path, {"name": "x"}).json() == only
    assert alice.delete(path).status_code == 204
    assert alice.delete(path).json() == NOT_FOUND
    assert len(alice.get(FILES).json()) == 22
    assert names(alice, "query=3.js") == ["~/3.js"]


def test_a_later_bundle_has_the_names_that_both_have(alice: Caller) -> None:
    for count in (10, 12):
        whole = bundle(many(count), release="web@1.0.0")
        send(alice, whole)
        alice.post(f"{RELEASES}web@1.0.0/assemble/", asked(whole))
    assert len(alice.get(FILES).json()) == 12
