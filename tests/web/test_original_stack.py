"""The stack of minified JavaScript on the page of an issue: as people wrote it, or why not."""

import hashlib

import pytest
from artifacts import built, js_event
from artifacts import bundle as bundled
from bundling import opened

from shipmark.artifacts.model import Association, BundleEntry, NewBundle
from shipmark.artifacts.store import bundles
from shipmark.files import actions as files
from shipmark.files.model import FileKind, NewFile, StagedFile
from shipmark.files.staging import FileStager
from shipmark.infrastructure.clock import now
from shipmark.symbolication import event_symbolication
from shipmark.web.view_models.stack import ShownEvent, ShownProblem
from shipmark.web.view_models.upload_instructions import commands

ISSUES = "/organizations/acme/issues/"


@pytest.fixture(autouse=True)
def _fresh_desk(monkeypatch):
    monkeypatch.setattr(event_symbolication, "_state", event_symbolication._State())


@pytest.fixture
def upload(house, blobs):
    """Keeps a bundle for a version."""

    def uploaded(content, version):
        stash = FileStager(house.database, blobs, now())
        stash.add(content)
        kept: StagedFile = stash.finish()
        entries = [
            BundleEntry(
                number=number, path=it.path, url=it.url, debug_id=it.debug_id,
                type=it.type, size=it.size_bytes, headers=it.headers, place=it.place,
            )
            for number, it in enumerate(opened(content).entries)
        ]  # fmt: skip
        new = NewBundle(
            organization_id=house.organization.id,
            bundle_id=hashlib.sha1(content).hexdigest()[:36],
            project_ids=[house.project.id],
            association=Association(version=version, dist=None),
            release_id=None,
            entries=entries,
        )
        with house.database.transaction() as connection:
            file = files.create(
                connection, NewFile(name="x", kind=FileKind.ARTIFACT_BUNDLE), kept, now()
            )
            made, _ = bundles.upsert_bundle(connection, new, file.id, now())
            bundles.associate(connection, made, new, now())

    return uploaded


def minified(house, **more):
    event = js_event(**more)
    del event["event_id"]
    return house.fail(event.pop("release", ""), **event)


def test_a_minified_stack_says_why_and_what_to_do(house, owner):
    text = owner.get(f"{ISSUES}{minified(house, release='a b', dist='7')}/").text
    box = text.partition('data-problem="unreadable"')[2].partition("</section>")[0]
    assert "This stack could not be made readable" in box
    assert "Nothing was uploaded for the release a b" in box
    assert "sentry-cli sourcemaps inject ./dist" in box
    assert "sourcemaps upload --org acme --project web --release 'a b' --dist 7" in box


def test_a_stack_is_the_original_one_once_its_map_is_there(house, owner, upload):
    issue_id = minified(house, release="a")
    assert 'data-problem="unreadable"' in owner.get(f"{ISSUES}{issue_id}/").text
    upload(bundled(built()), "a")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert 'data-problem="unreadable"' not in text
    for shown in (
        "<b>checkout</b>", "../src/cart.ts:18:22", "source map by release", "~/static/app.js.map",
        '<mark data-n="18">  const total = cart.total(country);',
        'data-n="17">export const checkout', "The stack as it was sent", "/static/app.js:1:221",
    ):  # fmt: skip
        assert shown in text, shown
    assert "by files that were uploaded after the event" in text


def test_a_stack_that_is_readable_in_part_says_so(house, owner, upload):
    upload(bundled(built()), "a")
    event = js_event(221, 222, release="a")
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    frames[0]["abs_path"] = "https://shop.example.com/other/vendor.js"
    text = owner.get(
        f"{ISSUES}{house.fail('a', exception=event['exception'], platform='javascript')}/"
    ).text
    assert "Part of this stack could not be made readable" in text
    assert "<b>checkout</b>" in text


def test_code_is_shown_as_text(house, owner):
    lines = {"pre_context": ["<script>1"], "context_line": "<script>2", "post_context": ["</pre>"]}
    frame = {"filename": "a.py", "lineno": 2, "in_app": True} | lines
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": [frame]}}
    errors = [{"type": "js_x", "message": "<script>3", "data": {"reason": "<script>"}}]
    payload = {"exception": {"values": [raised]}, "errors": errors}
    text = owner.get(f"{ISSUES}{house.fail('web@1.0.0', **payload)}/").text
    assert "<script>1" not in text
    assert "<script>2" not in text
    assert "<script>3" not in text
    assert "&lt;/pre&gt;" in text


def test_the_call_to_look_at_is_open_and_no_other(house, owner):
    frames = [
        {"filename": f"{n}.py", "lineno": 5, "in_app": n != 2, "function": f"f{n}"}
        | {"pre_context": ["a"], "context_line": "b", "post_context": ["c"]}
        for n in range(3)
    ]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": frames}}
    text = owner.get(f"{ISSUES}{house.fail('a', exception={'values': [raised]})}/").text
    opened = '<details class="app-frame" open>'
    assert text.count(" open>") == text.count(opened) == 1
    assert "<b>f1</b>" in text.partition(opened)[2].partition("</summary>")[0]


def test_a_page_that_needs_no_map_asks_for_none(house, owner, statements):
    issue_id = house.fail("web@1.0.0")
    statements.clear()
    owner.get(f"{ISSUES}{issue_id}/")
    assert not any("bundle" in text for text in statements)


def shown(*problems, version="", dist=""):
    return ShownEvent(
        event_id="", at=now(), environment="", version=version, dist=dist, message="", exceptions=(),
        is_partly_original=False, left_out=(),
        problems=tuple(
            ShownProblem(message="x", reason=reason, expected=expected)
            for reason, expected in problems
        ),
    )  # fmt: skip


CLI = "sentry-cli --url https://s sourcemaps upload --org acme --project web"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (shown(), ()),
        (shown(("bug", "")), ()),
        (shown(("busy", ""), ("too_large", "")), ()),
        (
            shown(("no_debug_id_and_no_release", "")),
            ("sentry-cli sourcemaps inject ./dist", f"{CLI} ./dist"),
        ),
        (
            shown(("other_url", "~/static/js/app.js"), version="web@1"),
            (f"{CLI} --release web@1 --url-prefix '~/static/js' ./dist",),
        ),
        (shown(("other_url", "~/app.js"), version="a"), (f"{CLI} --release a ./dist",)),
        (
            shown(("other_dist", ""), version="a; rm -rf /", dist="7"),
            (f"{CLI} --release 'a; rm -rf /' --dist 7 ./dist",),
        ),
    ],
)
def test_what_to_do_depends_on_the_reason(event, expected):
    assert commands(event, "https://s", "acme", "web") == expected
