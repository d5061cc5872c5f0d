"""Which events are the same problem: ingest.md 9."""

import hashlib
import re
import time
from typing import Any

import pytest

from shipmark.events.grouping import hashes_of
from shipmark.events.grouping_names import file_name, function_name, module_name, parameterised

Json = dict[str, object]


def frame(function: str, **more: object) -> Json:
    """Make a frame of the application."""
    return {"function": function, "module": "acme.shop", "in_app": True, **more}


def failed(*frames: Json, type_: str = "ValueError", value: str = "bad", **more: object) -> Json:
    """Make an event with one exception that has this stack."""
    raised = {"type": type_, "value": value, "stacktrace": {"frames": list(frames)}}
    return {"platform": "python", "exception": {"values": [raised]}, **more}


def md5(text: str) -> str:
    """Hash as the server does."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_hashes_are_md5_in_hexadecimal() -> None:
    library = frame("call", in_app=False)
    hashes = hashes_of(failed(frame("main"), library))
    assert len(hashes) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", text) for text in hashes)


def test_a_stack_of_the_application_alone_has_one_hash() -> None:
    assert len(hashes_of(failed(frame("main")))) == 1


def test_the_first_hash_ignores_libraries() -> None:
    one = hashes_of(failed(frame("main"), frame("call", in_app=False)))
    two = hashes_of(failed(frame("main"), frame("call_faster", in_app=False)))
    assert one[0] == two[0]
    assert one[1] != two[1]


def test_without_marks_all_frames_count() -> None:
    one, two = frame("main", in_app=None), frame("view", in_app=None)
    assert hashes_of(failed(one, two)) != hashes_of(failed(one))
    assert len(hashes_of(failed(one, two))) == 1


def test_release_dist_and_lines_do_not_count() -> None:
    old = failed(frame("main", lineno=1, abs_path="/srv/1/shop.py"), release="webapp@1.0.0")
    new = failed(frame("main", lineno=9, abs_path="/srv/2/shop.py"), release="webapp@2", dist="7")
    assert hashes_of(old) == hashes_of(new)


def test_the_text_of_an_error_with_a_stack_does_not_count() -> None:
    one, two = failed(frame("main"), value="a"), failed(frame("main"), value="b")
    assert hashes_of(one) == hashes_of(two)


@pytest.mark.parametrize(
    "other",
    [
        failed(frame("main"), type_="KeyError"),
        failed(frame("other")),
        failed(frame("main", module="acme.cart")),
        failed(frame("main"), frame("more")),
    ],
)
def test_type_module_and_functions_count(other: Json) -> None:
    assert hashes_of(failed(frame("main"))) != hashes_of(other)


def test_anonymous_classes_of_php_lose_their_place_and_number() -> None:
    """The number is another one in each process, and the path in each release."""
    one = failed(frame("main"), type_="Acme\\Error@anonymous\x00/srv/1/Pay.php:23$1a")
    two = failed(frame("main"), type_="Acme\\Error@anonymous\x00/srv/2/Pay.php:23$2c")
    assert hashes_of(one) == hashes_of(two)
    assert hashes_of(one) != hashes_of(failed(frame("main"), type_="Acme\\Error"))


def test_each_exception_of_a_chain_counts() -> None:
    cause = {"type": "KeyError", "value": "x"}
    effect = {"type": "ValueError", "value": "bad"}
    assert hashes_of({"exception": [cause, effect]}) != hashes_of({"exception": [effect]})


def test_recursion_counts_once() -> None:
    deep = failed(frame("main"), *[frame("walk", lineno=line) for line in range(9)])
    assert hashes_of(deep) == hashes_of(failed(frame("main"), frame("walk")))


@pytest.mark.parametrize(
    "noise",
    [
        {"lineno": 7, "in_app": True},
        {"function": "<lambda>", "in_app": True},
        {"filename": "native", "function": "forEach", "in_app": True},
        {"filename": "blob:https://example.com/1", "function": "run", "in_app": True},
    ],
)
def test_frames_that_say_nothing_are_dropped(noise: Json) -> None:
    assert hashes_of(failed(frame("main"), noise)) == hashes_of(failed(frame("main")))


def test_a_line_of_source_stands_in_for_a_function_without_name() -> None:
    one = frame("<lambda>", context_line="  pay(cart)")
    two = frame("<lambda>", context_line="ship(cart)")
    assert hashes_of(failed(one)) != hashes_of(failed(two))
    assert hashes_of(failed(one, platform="java")) == hashes_of(failed(two, platform="java"))


def test_a_minified_line_does_not_count() -> None:
    one, two = frame("?", context_line="a" * 121), frame("?", context_line="b" * 121)
    assert hashes_of(failed(one)) == hashes_of(failed(two))


def test_errors_without_a_stack_group_by_type_and_parameterised_text() -> None:
    one = hashes_of(failed(value="order 17 not found"))
    assert one == hashes_of(failed(value="order 4711 not found"))
    assert one != hashes_of(failed(value="cart 17 not found"))
    assert one != hashes_of(failed(value="order 17 not found", type_="KeyError"))


def test_a_synthetic_type_does_not_count() -> None:
    def made_up(type_: str) -> Json:
        return {"exception": [{"type": type_, "value": "x", "mechanism": {"synthetic": True}}]}

    assert hashes_of(made_up("SIGSEGV")) == hashes_of(made_up("SIGABRT"))


def test_the_crashed_thread_counts_when_there_is_no_exception() -> None:
    def crashed(function: str) -> Json:
        stack = {"frames": [frame(function)]}
        return {"threads": {"values": [{"crashed": True, "stacktrace": stack}, {"id": 2}]}}

    assert hashes_of(crashed("main")) != hashes_of(crashed("idle"))
    assert hashes_of({**crashed("main"), "message": "x"}) == hashes_of(crashed("main"))


def test_a_stack_at_the_top_counts_beside_the_message() -> None:
    one, other = ({"frames": [frame(function)]} for function in ("main", "idle"))
    sent: Json = {"message": "took 17 ms", "stacktrace": one}
    assert hashes_of(sent) == hashes_of(sent | {"message": "took 9 ms"})
    assert hashes_of(sent) != hashes_of(sent | {"stacktrace": other})


def test_messages_group_by_their_template() -> None:
    one: Json = {"logentry": {"message": "hello %s", "params": ["ada"], "formatted": "hello ada"}}
    two: Json = {"logentry": {"message": "hello %s", "params": ["bob"]}}
    assert hashes_of(one) == hashes_of(two) != hashes_of({"message": "hello ada"})


def test_messages_without_template_are_parameterised() -> None:
    assert hashes_of({"message": "took 17 ms"}) == hashes_of({"message": "took 9.5 ms"})


def test_policy_reports_group_by_directive_and_host() -> None:
    def blocked(uri: str) -> Json:
        return {"csp": {"effective_directive": "img-src", "blocked_uri": uri}}

    one = hashes_of(blocked("https://example.com/a.png"))
    assert one == hashes_of(blocked("https://example.com/b.png"))
    assert one != hashes_of(blocked("https://acme.example/a.png"))
    assert one != hashes_of(blocked("https://[acme"))


def test_events_that_say_nothing_share_a_group() -> None:
    assert hashes_of({}) == hashes_of({"exception": 1, "threads": [None]}) == (md5(""),)


@pytest.mark.parametrize("fingerprint", [[], ["{{ default }}"], ["{{default}}"], "x", [None, {}]])
def test_no_fingerprint_is_the_default_one(fingerprint: object) -> None:
    event = failed(frame("main"), frame("call", in_app=False))
    assert hashes_of({**event, "fingerprint": fingerprint}) == hashes_of(event)


def test_the_checksum_of_an_old_client_counts_as_its_fingerprint() -> None:
    one = hashes_of({"message": "disk is full", "checksum": "a" * 32})
    assert one == hashes_of({"message": "card was declined", "checksum": "a" * 32})
    assert one != hashes_of({"message": "disk is full", "checksum": "b" * 32})
    assert hashes_of({"message": "x", "checksum": ""}) == hashes_of({"message": "x"})
    own = hashes_of({"message": "x", "checksum": "a" * 32, "fingerprint": ["own"]})
    assert own == hashes_of({"fingerprint": ["own"]})


def test_a_fingerprint_overrides_everything() -> None:
    one = hashes_of(failed(frame("main"), fingerprint=["checkout", 7, True]))
    assert one == hashes_of({"message": "x", "fingerprint": ["checkout", 7, True]})
    assert one == (md5("checkout7True"),)


def test_a_fingerprint_may_split_the_default_group() -> None:
    library = frame("call", in_app=False)
    default = hashes_of(failed(frame("main"), library))
    split = hashes_of(failed(frame("main"), library, fingerprint=["{{ default }}", "eu"]))
    assert len(split) == 2
    assert not set(default) & set(split)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("error.type", "ValueError"),
        ("type", "ValueError"),
        ("error.value", "bad"),
        ("message", "bad"),
        ("function", "main"),
        ("stack.module", "acme.shop"),
        ("package", "<no-package>"),
        ("level", "error"),
        ("logger", "acme"),
        ("transaction", "<no-transaction>"),
        ("tags.plan", "pro"),
        ("tags.gone", "<no-value-for-tag-gone>"),
        ("weather", "<unrecognized-variable weather>"),
    ],
)
def test_variables_of_a_fingerprint_are_replaced(variable: str, value: str) -> None:
    fingerprint = ["x", "{{ " + variable + " }}"]
    event = failed(frame("main"), logger="acme", tags={"plan": "pro"}, fingerprint=fingerprint)
    assert hashes_of(event) == (md5("x" + value),)
    assert hashes_of({**event, "tags": [["plan", "pro"]]}) == hashes_of(event)


def test_half_a_surrogate_pair_can_be_hashed() -> None:
    assert hashes_of({"fingerprint": ["\ud800"]}) == hashes_of({"fingerprint": ["\ufffd"]})


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/App.JS", "app.js"),
        ("C:\\acme\\Shop.cs", "shop.cs"),
        ("https://example.com/static/main.3f2a1b9c.js?v=1#top", "main.js"),
        ("assets/index-BkYx3_d1.js", "index.js"),
        ("assets/user-settings.js", "user-settings.js"),
        ("https://example.com/_nuxt/DlAUqK2U.js", "<hash>.js"),
        ("_nuxt/entry.CzRqzXfG.js", "entry.<hash>.js"),
        ("_app/immutable/nodes/3.C1x2y3Z4.js", "3.<hash>.js"),
        ("_nuxt/7f2a1b9.js", "<hash>.js"),
        ("static/7f2a1b9.chunk.js", "<hash>.chunk.js"),
        ("app.userList.js", "app.userlist.js"),
        ("checkout.js", "checkout.js"),
        ("Checkout.mjs", "checkout.mjs"),
        ("vendors.js", "vendors.js"),
        ("d3charts.js", "d3charts.js"),
        ("Invoice1.js", "invoice1.js"),
        ("20240102.js", "20240102.js"),
        ("defaced.js", "defaced.js"),
        ("DlAUqK2U.py", "dlauqk2u.py"),
        ("jquery-1.2.3.min.js", "jquery.min.js"),
        ("shop.php(12) : eval()'d code", "shop.php"),
        ("", ""),
    ],
)
def test_file_names_lose_folders_hashes_and_versions(path: str, name: str) -> None:
    assert file_name(path) == name


def test_a_chunk_named_by_its_hash_is_one_in_all_releases() -> None:
    def event(file: str) -> dict[str, Any]:
        frame = {"function": "pay", "filename": f"https://example.com/_nuxt/{file}", "in_app": True}
        raised = {"type": "TypeError", "stacktrace": {"frames": [frame]}}
        return {"platform": "javascript", "exception": {"values": [raised]}}

    first, later = hashes_of(event("DlAUqK2U.js")), hashes_of(event("Cx3v9aQz.js"))
    assert first[0] == later[0]
    # The second hashes are those of the first version of the rules, by which older issues are found.
    assert len({*first, *later}) == 3
    assert len(hashes_of(event("entry.js"))) == 1


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("acme.shop", "acme.shop"),
        ("com.acme.Shop$$Lambda$14/0x0001", "com.acme.Shop"),
        ("com.acme.Shop$$EnhancerBySpringCGLIB$$f6e7a2b1", "com.acme.Shop"),
        ("static/js/main.3f2a1b9c", "static/js/main"),
    ],
)
def test_module_names_lose_what_is_generated(module: str, name: str) -> None:
    assert module_name(module) == name


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("main", "main"),
        ("<module>", "<module>"),
        ("<init>", "<init>"),
        ("Object.<anonymous>", ""),
        ("{closure}", ""),
        ("?", ""),
        ("lambda$pay$3", "pay"),
        ("block (2 levels) in pay", "pay"),
        ("main.pay.func1.2", "main.pay"),
        ("acme::pay::h0123456789abcdef", "acme::pay"),
        ("std::map<int, std::vector<int>>::at(int)", "std::map::at"),
    ],
)
def test_function_names_lose_what_compilers_add(function: str, name: str) -> None:
    assert function_name(function) == name


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("order 17 of -3.5", "order <number> of <number>"),
        ("id 9ec79c33-ec99-42ab-8353-589fcb2e04dc", "id <uuid>"),
        ("object 0x7fff12ab and 3f2a1b9c0d", "object <hex> and <hex>"),
        ("at 2026-01-02T03:04:05.123Z, not 03:04", "at <date>, not <date>"),
        ("mail ada@example.com", "mail <email>"),
        ("GET https://example.com/a?b=1 failed", "GET <url> failed"),
        ("from 10.1.2.3 and fe80:0:0:0:1", "from <ip> and <ip>"),
        ("no 'x' and \"y\", don't", "no <quoted> and <quoted>, don't"),
        ("sha1 of utf8", "sha1 of utf8"),
    ],
)
def test_parameters_of_messages_are_replaced(text: str, template: str) -> None:
    assert parameterised(text) == template


@pytest.mark.parametrize(
    "text", ["a", "1", "a.", "a@", "'", "0x", "<", "a:", "1.", "$ ", "-a1", "\\"]
)
def test_no_text_is_slow(text: str) -> None:
    started = time.thread_time()
    parameterised(text * 8192)
    for normalise in (file_name, module_name, function_name):
        normalise(text * 8192)
    assert time.thread_time() - started < 2


def logged(text: str, message: str | None = None) -> Json:
    """Make a message with the stack of the helper that logged it, as @sentry/node sends it."""
    raised = {"value": text, "mechanism": {"synthetic": True}}
    raised["stacktrace"] = {"frames": [frame("log")]}
    return {"platform": "node", "message": message or text, "exception": {"values": [raised]}}


def test_two_messages_of_one_logging_function_are_two_problems() -> None:
    assert hashes_of(logged("disk is full")) != hashes_of(logged("card was declined"))
    assert hashes_of(logged("order 17 failed")) == hashes_of(logged("order 18 failed"))


def test_a_synthetic_exception_with_another_message_is_grouped_by_its_stack() -> None:
    assert hashes_of(logged("a", "first")) == hashes_of(logged("b", "second"))


@pytest.mark.parametrize("where", ["threads", "stacktrace"])
def test_messages_with_the_stack_of_a_thread_are_told_apart(where: str) -> None:
    """Java and Cocoa attach the stack of the thread to each message."""
    stack = {"frames": [frame("log")]}
    held = [{"id": 1, "current": True, "stacktrace": stack}] if where == "threads" else stack
    one, other = ({"message": text, where: held} for text in ("disk is full", "card was declined"))
    assert hashes_of(one) != hashes_of(other)
    assert hashes_of(one) != hashes_of({"message": "disk is full"})


def test_hashes_stay_those_of_earlier_versions() -> None:
    """Stored issues are found by them. They were computed by the first version of the rules."""
    library = frame(
        "call", in_app=False, module=None, filename="https://example.com/main.3f2a1b9c.js?x"
    )
    closure = frame("<lambda>", context_line="return x", module=None, abs_path="/srv/shop/cart.py")
    crash = {"crashed": True, "stacktrace": {"frames": [frame("lambda$run$0"), library]}}
    found = {
        "exception": hashes_of(failed(frame("main"), frame("main"), library, closure)),
        "text": hashes_of(failed(value="order 17 not found")),
        "thread": hashes_of({"threads": {"values": [crash]}}),
        "logged": hashes_of({"stacktrace": {"frames": [library]}, "message": "took 9 ms"}),
        "client": hashes_of(failed(library, frame("main"), fingerprint=["a", "{{ default }}"])),
    }
    assert found == {
        "exception": ("649a1be02557fc23f92fa1b776d6f725", "c2c47799b413dd3e9f04a94a77b09827"),
        "text": ("0d20a0f7b8e7502ae5921af313d5f131",),
        "thread": ("1b4a60f32ba35fd218dc728fffd04568", "dcf84b794226b11033a2d0d5594b3dac"),
        "logged": ("003876fa7a373fa573147dc691583470",),
        "client": ("2f72757bf1279d9ebc616c95ca6755aa", "3bbc2ec539a7c86ee39ac050d62ee1ae"),
    }
