"""Commits are read from real git servers, whatever they speak and allow."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from remote_places import MISSING, SERVERS, Place, open_place, problem
from remotes import FIRST_AT

from shipmark.repositories.git.commit_reader import LAST
from shipmark.repositories.git.errors import RemoteProblem
from shipmark.repositories.model import Change, CommitInput

#: A test that all servers must pass in each run: they differ in how objects are asked for and sent.
on_each_server = pytest.mark.parametrize("place", SERVERS, indirect=True)


@pytest.fixture
def http(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        yield open_place("http", tmp_path, stack)


@on_each_server
def test_a_range_is_what_came_after_its_beginning(place: Place) -> None:
    one, two, three = (place.origin.commit(name) for name in ("one", "two", "three"))
    assert place.messages(three, one) == ["three", "two"]
    assert place.messages(two, two) == []
    assert place.read(three, one).notes == ()


@on_each_server
def test_all_that_a_commit_says_is_read(place: Place) -> None:
    place.origin.commit("first", {"a.py": "1", "b.py": "1", "c.py": "1"})
    author = "Bo Öst <Bo@Example.com>"
    key = place.origin.commit(
        "Second\n\nFixes WEB-1\n", {"a.py": "2", "b.py": None, "d/é.py": "1"}, author=author
    )
    assert place.exact(key).commits == (
        CommitInput(
            sha=key,
            repository="acme/web",
            message="Second\n\nFixes WEB-1",
            author_name="Bo Öst",
            author_email="Bo@Example.com",
            at=datetime.fromtimestamp(FIRST_AT + 60, UTC),
            changes=(
                ("a.py", Change.MODIFIED),
                ("b.py", Change.DELETED),
                ("d/é.py", Change.ADDED),
            ),
        ),
    )


def test_without_a_beginning_the_last_twenty_come(place: Place) -> None:
    keys = place.origin.grow(LAST + 5)
    found = place.read(keys[-1]).commits
    assert [it.sha for it in found] == keys[:4:-1]
    assert found[-1].changes == (("d5/f5.py", Change.ADDED),)


def test_a_young_repository_has_fewer(place: Place) -> None:
    keys = [place.origin.commit(str(number)) for number in range(3)]
    assert [it.sha for it in place.read(keys[-1]).commits] == keys[::-1]


@on_each_server
def test_a_beginning_that_was_rewritten_away_is_told(place: Place) -> None:
    keys = place.origin.grow(LAST + 5)
    read = place.read(keys[-1], MISSING)
    assert [it.sha for it in read.commits] == keys[:4:-1]
    assert read.notes == (
        f"The remote has no commit {MISSING} any more, so the last 20 commits were taken.",
    )


@pytest.mark.parametrize("previous", [MISSING, "gone", MISSING[:8]])
def test_a_range_begins_after_an_earlier_head_where_its_beginning_is_gone(
    place: Place, previous: str
) -> None:
    keys = place.origin.grow(LAST + 5)
    earlier = ("e" * 40, keys[-4], keys[0])
    read = place.read(keys[-1], previous, earlier=earlier)
    assert [it.sha for it in read.commits] == keys[:-4:-1]
    assert read.notes == (
        (
            f"The remote has no commit {previous} any more, so the commits after {keys[-4]} were"
            " taken, the newest head of an earlier release that it has."
        ),
    )


def test_a_beginning_that_is_there_needs_no_earlier_head(place: Place) -> None:
    one, two, three = (place.origin.commit(name) for name in ("one", "two", "three"))
    read = place.read(three, two, earlier=(one,))
    assert ([it.sha for it in read.commits], read.notes) == ([three], ())


def test_a_branch_that_was_forced_elsewhere_begins_where_it_parted(http: Place) -> None:
    base, old = http.origin.commit("base"), http.origin.commit("old")
    new = http.origin.commit("new", parents=[base])
    assert http.messages(new, old) == ["new"]


@on_each_server
def test_a_commit_that_was_not_pushed_is_told(place: Place) -> None:
    place.origin.commit("one")
    it = problem(place, MISSING)
    assert it.sentence == f"The remote has no commit {MISSING}. Was it pushed?"
    assert not it.is_final


@on_each_server
def test_branches_tags_and_short_keys_are_commits_too(place: Place) -> None:
    one, two = place.origin.commit("one"), place.origin.commit("two")
    place.origin.git("tag", "v1", one)
    place.origin.git(
        "-c", "user.name=A", "-c", "user.email=a@example.com", "tag", "-am", "x", "v2", two
    )
    filled = two[:7].ljust(40, "0")
    for name in ("main", "refs/heads/main", "v2", two[:8], filled, two.upper(), "HEAD"):
        read = place.read(name, "v1")
        assert ([it.sha for it in read.commits], read.head) == ([two], two), name
    assert place.messages("main", one[:10]) == ["two"]


def test_a_name_that_nobody_has_is_told(place: Place) -> None:
    place.origin.commit("one")
    for name in ("nowhere", "abcd123", "é"):
        assert problem(place, name).sentence == f"The remote has no commit {name}. Was it pushed?"


@on_each_server
def test_only_the_named_commits_are_read(place: Place) -> None:
    keys = [place.origin.commit(str(number)) for number in range(6)]
    assert [it.message for it in place.exact(keys[4], keys[1]).commits] == ["4", "1"]
    with pytest.raises(RemoteProblem, match=MISSING):
        place.exact(keys[4], MISSING)


def test_a_merge_brings_its_branch_and_what_it_changed_itself(place: Place) -> None:
    base = place.origin.commit("base", {"a": "1", "b": "1", "c": "1"})
    ours = place.origin.commit("ours", {"a": "2"})
    theirs = place.origin.commit("theirs", {"b": "2"}, branch="side", parents=[base])
    merge = place.origin.commit(
        "merge", {"b": "2", "c": "mended", "d": "new"}, parents=[ours, theirs]
    )
    assert place.messages(merge, base) == ["merge", "theirs", "ours"]
    assert place.messages(merge, ours) == ["merge", "theirs"]
    assert place.changes(merge) == {"c": "M", "d": "A"}


def test_an_old_branch_that_is_merged_does_not_bring_history_again(http: Place) -> None:
    keys = http.origin.grow(300)
    side = http.origin.commit("side", branch="side", parents=[keys[5]], at=FIRST_AT + 60 * 299)
    merge = http.origin.commit("merge", parents=[keys[-1], side], at=FIRST_AT + 60 * 400)
    assert http.messages(merge, keys[-1]) == ["merge", "side"]


def test_a_rename_is_an_old_file_less_and_a_new_one_more(files: Place) -> None:
    files.origin.commit("one", {"old.py": "same"})
    key = files.origin.commit("two", {"old.py": None, "new.py": "same"})
    assert files.changes(key) == {"old.py": "D", "new.py": "A"}


def test_a_file_that_became_a_folder_is_less_and_more(files: Place) -> None:
    files.origin.commit("one", {"a": "1"})
    key = files.origin.commit("two", {"a": None, "a/b": "1"})
    assert files.changes(key) == {"a": "D", "a/b": "A"}


def test_wrong_clocks_change_no_range(http: Place) -> None:
    keys = [http.origin.commit(str(number), at=FIRST_AT - number * 3600) for number in range(30)]
    assert set(http.messages(keys[-1], keys[9])) == {str(number) for number in range(10, 30)}


def test_odd_authors_messages_and_paths_are_read_as_far_as_they_can_be(files: Place) -> None:
    content = (
        b"commit refs/heads/main\nauthor \xff\xfe <> 1767348000 +0000\n"
        b"committer A <a@example.com> 1767348000 +0000\nencoding latin1\ndata 3\nf\xfcr\n"
        b"M 100644 inline " + b"x" * 600 + b"\ndata 1\n1\n"
    )
    files.origin.git("fast-import", "--quiet", content=content)
    [found] = files.read("main").commits
    assert (found.message, found.author_email) == ("für", None)
    assert found.author_name == "ÿþ"
    [(path, _)] = found.changes
    assert len(path) == 510
    assert path.endswith("...")


def test_a_commit_with_very_many_files_shows_the_first(files: Place) -> None:
    key = files.origin.commit("import", {f"f{number:05}": "" for number in range(2500)})
    assert len(files.changes(key)) == 2000


def test_of_too_many_commits_the_newest_come(files: Place) -> None:
    keys = files.origin.grow(30)
    read = files.read(keys[-1], keys[4], most=10)
    assert [it.sha for it in read.commits] == keys[:-11:-1]
    assert read.notes == ("Only the newest 10 of 25 commits were taken.",)


def test_a_range_near_the_head_of_a_long_history_is_read_without_it(http: Place) -> None:
    keys = http.origin.grow(50_000)
    found = http.read(keys[-1], keys[-101]).commits
    assert [it.sha for it in found] == keys[:-101:-1]
    # The whole history is more than ten times that.
    assert http.received < 500_000


def test_an_empty_repository_has_no_commit(place: Place) -> None:
    assert "has no commit main" in problem(place, "main").sentence
    assert "has no commit" in problem(place, MISSING).sentence
