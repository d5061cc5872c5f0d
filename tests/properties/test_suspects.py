"""Properties of whom we suspect (groups-api.md 7.4)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shipmark.issues.suspects import committers, parts_of
from shipmark.releases.model import FileChange

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
FIRST = 3

names = st.sampled_from(["a", "b", "A", "index.js"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
touches = st.lists(
    st.builds(
        lambda commit_id, release_id, filename: FileChange(
            commit_id=commit_id,
            author_id=commit_id % 3 or None,
            at=AT + timedelta(hours=commit_id % 4),
            release_id=release_id,
            filename=filename,
        ),
        st.integers(1, 9),
        st.integers(1, FIRST),
        paths,
    ),
    max_size=12,
)
stacks = st.lists(paths.map(parts_of), unique=True, max_size=4)


@given(st.text(max_size=60))
def test_any_text_has_parts_that_can_be_compared(path: str) -> None:
    assert all(part and "/" not in part and "\\" not in part for part in parts_of(path))


@given(paths)
def test_the_parts_of_parts_are_the_same(path: str) -> None:
    assert parts_of("/".join(parts_of(path))) == parts_of(path)


@given(stacks, touches, st.randoms())
def test_the_order_of_what_is_known_does_not_matter(frames, known, random) -> None:
    shuffled = list(known)
    random.shuffle(shuffled)
    assert committers(frames, known, FIRST) == committers(frames, shuffled, FIRST)


@given(stacks, touches)
def test_each_suspect_is_named_once_and_changed_what_it_is_suspected_for(frames, known) -> None:
    found = [it for each in committers(frames, known, FIRST) for it in each.suspects]
    assert len({it.commit_id for it in found}) == len(found)
    for it in found:
        assert any((t.commit_id, t.filename) == (it.commit_id, it.filename) for t in known)
        file = parts_of(it.filename)
        assert any(frame[-len(file) :][-1] == file[-1] for frame in frames)
        assert it.score > 1 or any(
            len(parts_of(t.filename)) == 1 for t in known if t.commit_id == it.commit_id
        )


@given(stacks, touches)
def test_who_leads_is_of_the_first_release_if_anybody_is(frames, known) -> None:
    found = committers(frames, known, FIRST)
    here = committers(frames, [it for it in known if it.release_id == FIRST], FIRST)
    if here:
        assert found[0].suspects[0].commit_id == here[0].suspects[0].commit_id
        assert found[0].suspects[0].release_id == FIRST


@given(stacks, touches, names)
def test_a_longer_path_of_a_frame_loses_no_suspect_s_score(frames, known, folder) -> None:
    def scores(stack):
        found = committers(stack, known, FIRST)
        return max((it.score for each in found for it in each.suspects), default=0)

    longer = [(*parts_of(folder), *frame) for frame in frames]
    assert scores(longer) >= scores(frames)
