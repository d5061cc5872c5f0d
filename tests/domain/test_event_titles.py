"""Titles, culprits and messages of events (ingest.md 5.4)."""

import time

import pytest
from read_events import ID, NOW, error, event, frame

from shipmark.events.parsing import read
from shipmark.events.payload import Json


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ({"type": "ValueError", "value": "bad\nworse"}, "ValueError: bad"),
        ({"type": "ValueError"}, "ValueError"),
        ({"value": "bad"}, "Error: bad"),
        ({"value": "KeyError: 'x'"}, "KeyError: 'x'"),
        ({"type": "ValueError", "value": "x" * 101}, "ValueError: " + "x" * 97 + "..."),
        ({"type": "Made", "value": "up", "mechanism": {"synthetic": True}}, "up"),
        ({"type": "Made", "mechanism": {"synthetic": True}}, "Made"),
        ({"type": "A@anonymous\x00/srv/Pay.php:2$1a", "value": "bad"}, "A@anonymous: bad"),
        ({"type": 1, "value": 7}, "1: 7"),
        ({"type": "Pay\nError", "value": "bad"}, "Pay Error: bad"),
        ({"value": {"code": 7}}, 'Error: {"code": 7}'),
        ({"type": True, "value": []}, "<unlabeled event>"),
        ({"type": "E", "value": "\x1b[33mno file\x1b[0m"}, "E: no file"),
    ],
)
def test_the_title_of_an_error_is_type_and_value(value: dict[str, object], title: str) -> None:
    assert error(**value).title == title


def test_an_error_that_says_nothing_is_titled_by_the_message() -> None:
    raised = {"type": "", "value": "", "stacktrace": {"frames": [{"function": "pay"}]}}
    found = event(exception={"values": [raised]}, message="card declined")
    assert found.title == "Error: card declined"
    named = event(exception={"values": [raised | {"type": "PayError"}]}, message="card declined")
    assert named.title == "PayError"


def test_a_synthetic_error_is_called_after_its_function() -> None:
    stack = {"frames": [frame("crash", in_app=True)]}
    found = error(type="SIGSEGV", mechanism={"synthetic": True}, stacktrace=stack)
    assert found.title == "crash"
    assert "type" not in found.metadata


def test_the_last_exception_names_the_issue() -> None:
    chain = [{"type": "Cause", "value": "a"}, {"type": "Effect", "value": "b"}]
    assert event(exception=chain).title == "Effect: b"


def part(number: int, of: int | None, source: str = "", *, is_group: bool = False) -> Json:
    """An exception with the place that it has in groups."""
    mechanism = {"exception_id": number, "parent_id": of, "source": source}
    mechanism |= {"is_exception_group": True} if is_group else {}
    return {"type": f"E{number}", "mechanism": mechanism}


@pytest.mark.parametrize(
    ("others", "title"),
    [
        ([part(1, 0, "exceptions[0]")], "E1"),
        ([part(2, 1, "InnerException"), part(1, 0, "InnerExceptions[0]")], "E1"),
        ([part(2, 1, "errors[0]"), part(1, 0, "errors[0]", is_group=True)], "E2"),
        ([part(2, 0, "errors[1]"), part(1, 0, "errors[0]")], "E0"),
        ([part(1, 0, "cause")], "E0"),
        ([part(1, None)], "E0"),
        ([part(1, 0, "errors[0]", is_group=True) | {"type": ""}], "E0"),
        ([part(0, 1, "a[0]", is_group=True), part(1, 0, "a[0]", is_group=True)], "E0"),
        ([], "E0"),
    ],
)
def test_the_only_exception_of_a_group_is_the_title(others: list[Json], title: str) -> None:
    chain = [*others, part(0, None, is_group=True)]
    assert event(exception={"values": chain}).title == title


def test_the_client_may_name_the_main_exception() -> None:
    chain = [
        {"type": "Main", "value": "a", "mechanism": {"exception_id": 1}},
        {"type": "Group", "value": "b", "mechanism": {"exception_id": 0}},
    ]
    assert event(exception={"values": chain}, main_exception_id=1).title == "Main: a"


def test_a_single_exception_needs_no_list() -> None:
    assert event(exception={"type": "ValueError", "value": "bad"}).title == "ValueError: bad"


def test_the_location_is_the_last_frame_of_the_application() -> None:
    frames = [frame("main", in_app=True), frame("view", in_app=True), frame("lib", in_app=False)]
    found = error(type="ValueError", stacktrace={"frames": frames})
    assert (found.location, found.culprit) == ("view.py", "view.py in view")


def test_without_marks_the_location_is_the_last_frame() -> None:
    found = error(type="ValueError", stacktrace={"frames": [frame("main"), frame("view")]})
    assert found.metadata["function"] == "view"


def test_the_place_of_an_exception_without_a_stack_is_that_of_the_last_one_with_one() -> None:
    stack = {"frames": [frame("main", in_app=True)]}
    group = {"type": "ExceptionGroup", "value": "several", "stacktrace": stack}
    group["mechanism"] = {"exception_id": 0, "is_exception_group": True}
    part = {"type": "ValueError", "value": "bad"}
    part["mechanism"] = {"exception_id": 1, "parent_id": 0, "source": "exceptions[0]"}
    found = event(exception=[part, group])
    assert (found.title, found.culprit) == ("ValueError: bad", "main.py in main")
    found = event(exception=[{"type": "KeyError", "stacktrace": stack}, {"type": "ValueError"}])
    assert (found.title, found.location) == ("ValueError", "main.py")


def test_the_culprit_is_the_function_where_there_is_no_file() -> None:
    frames = [{"package": "/usr/lib/UIKitCore", "function": "-[UIButton sendAction:]"}]
    assert (
        error(type="NSException", stacktrace={"frames": frames}).culprit
        == "-[UIButton sendAction:]"
    )
    assert error(type="SIGSEGV", stacktrace={"frames": [{"package": "libshop.so"}]}).culprit == ""


def test_the_culprit_prefers_the_module_and_the_client() -> None:
    stack = {"frames": [{"module": "acme.views", "function": "show"}]}
    found = error(type="ValueError", stacktrace=stack)
    assert found.culprit == "acme.views in show"
    assert event(culprit="mine", transaction="job").culprit == "mine"
    assert event(transaction="x" * 300).culprit == "x" * 200


@pytest.mark.parametrize(
    ("payload", "title"),
    [
        ({"message": "hello\nworld"}, "hello"),
        ({"logentry": {"formatted": "from file"}}, "from file"),
        ({"logentry": {"message": "hello %s", "params": ["world"]}}, "hello world"),
        ({"logentry": {"message": "%d of %(all)s", "params": {"0": 1, "all": 2}}}, "1 of 2"),
        ({"logentry": {"message": "{} {who}", "params": ["hi"]}}, "hi {who}"),
        ({"logentry": {"message": "100%% %s %s", "params": ["a"]}}, "100% a %s"),
        ({"logentry": {"message": "100% of %s is full", "params": ["a"]}}, "100% of a is full"),
        ({"logentry": {"message": "%5d% free", "params": [7]}}, "7% free"),
        ({"logentry": {"message": "%2$s of %1$5.1f", "params": [2.5, "b"]}}, "b of 2.5"),
        ({"logentry": {"message": "{0:N2} {who,-9}", "params": {"0": 5, "who": "x"}}}, "5 x"),
        (
            {"logentry": {"message": "{@Cart} {$Thing}", "params": {"Cart": [1], "Thing": 2}}},
            "[1] 2",
        ),
        ({"logentry": {"message": "{user.name}", "params": {"user.name": "ann"}}}, "ann"),
        (
            {"logentry": {"message": "%v %+v %q %t %w", "params": [1, 2, 3, True, 5]}},
            "1 2 3 True 5",
        ),
        ({"logentry": {"message": "%o %O %j", "params": [1, 2, 3]}}, "1 2 3"),
        ({"logentry": {"message": "%@ %ld %lld %zu", "params": ["a", 2, 3, 4]}}, "a 2 3 4"),
        ({"logentry": {"message": "{Cart} of {User}", "params": [1, 2]}}, "1 of 2"),
        ({"logentry": {"message": "user %s", "params": [None]}}, "user None"),
        ({"logentry": {"message": "cart %s", "params": {"a": 1}}}, 'cart {"a": 1}'),
        ({"logentry": {"message": "no params", "params": 7}}, "no params"),
        ({"logentry": {"message": "%s %s", "params": [{"a": 1}, [2]]}}, '{"a": 1} [2]'),
        ({"message": {"formatted": "old style"}}, "old style"),
        ({"message": "x" * 101}, "x" * 97 + "..."),
        ({"message": " \n "}, "<unlabeled event>"),
        ({"message": "\x1b[1;31merror\x1b[0m: no \x1b[mfile"}, "error: no file"),
    ],
)
def test_the_title_of_a_message_is_its_first_line(payload: dict[str, object], title: str) -> None:
    found = read(payload, event_id=ID, received_at=NOW)
    assert (found.type, found.title) == ("default", title)
    assert found.metadata == {"title": title}


def test_parameters_cannot_inflate_a_message() -> None:
    found = event(logentry={"message": "%s" * 4096, "params": ["x" * 10_000] * 4096})
    assert len(found.message) <= 8192


def test_a_long_parameter_named_often_is_not_slow() -> None:
    started = time.thread_time()
    event(logentry={"message": "%(a)s" * 1600, "params": {"a": "x" * 1_000_000}})
    assert time.thread_time() - started < 2


def test_the_search_message_has_each_text_once() -> None:
    found = event(message="job failed", transaction="job")
    assert found.message == "job failed"
