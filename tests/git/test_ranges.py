"""``base..head`` for any history and any clocks."""

from hypothesis import given
from hypothesis import strategies as st

from shipmark.repositories.git.ranges import between

Graph = list[tuple[list[int], int]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Commits with parents among those before and a clock that is mostly right."""
    count = draw(st.integers(1, 25))
    made: Graph = []
    for number in range(count):
        parents = (
            draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        )
        made.append((parents, number * 10 + draw(st.integers(-60, 60))))
    return made


def reached(graph: Graph, start: int) -> set[int]:
    found, left = set(), [start]
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            left.extend(graph[number][0])
    return found


def key(number: int) -> bytes:
    return b"%d" % number


def walked(graph: Graph, base: int | None, head: int, most: int | None = None) -> list[int]:
    found = between(
        None if base is None else key(base),
        key(head),
        lambda it: [key(parent) for parent in graph[int(it)][0]],
        lambda it: graph[int(it)][1],
        most=most,
    )
    assert not set(found.new) & set(found.old)
    return [int(it) for it in found.new]


@given(graphs(), st.data())
def test_a_range_is_what_leads_to_the_head_and_not_to_the_base(
    graph: Graph, data: st.DataObject
) -> None:
    base, head = (data.draw(st.integers(0, len(graph) - 1)) for _ in range(2))
    found = walked(graph, base, head)
    assert set(found) == reached(graph, head) - reached(graph, base)
    assert len(found) == len(set(found))


@given(graphs())
def test_without_a_base_all_that_leads_to_the_head_is_there(graph: Graph) -> None:
    head = len(graph) - 1
    found = walked(graph, None, head)
    assert set(found) == reached(graph, head)
    assert found[0] == head


@given(graphs(), st.integers(1, 5))
def test_no_more_come_than_are_wanted(graph: Graph, most: int) -> None:
    head = len(graph) - 1
    assert walked(graph, None, head, most) == walked(graph, None, head)[:most]


def test_the_newest_come_first() -> None:
    line = [([number - 1] if number else [], number) for number in range(9)]
    assert walked(line, 3, 8) == [8, 7, 6, 5, 4]
