"""Refs of a release: they move head commits (releases.md 3.5, 3.6)."""

from factories import REPOSITORIES, Caller, commit, on_one_database, release_path, rows

from shipmark.infrastructure.database import Database

ONE, TWO = commit("1")["id"], commit("2")["id"]


def heads(database: Database) -> list[str]:
    """The head commits of all releases."""
    known = {it["id"]: it["key"] for it in rows(database, "commits")}
    return [known[it["commit_id"]] for it in rows(database, "release_heads")]


def test_a_ref_moves_the_head(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    alice.publish("web@1.0.0", refs=[{"repository": "acme/web", "commit": TWO}])
    assert heads(database) == [TWO]


def test_refs_leave_the_list_of_commits_alone(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    shown = alice.publish("web@1.0.0", refs=[{"repository": "acme/web", "commit": TWO}])
    assert shown["commitCount"] == 1
    assert shown["lastCommit"]["id"] == ONE


def test_a_ref_may_name_a_repository_that_the_commits_bring(
    alice: Caller, database: Database
) -> None:
    refs = [{"repository": "acme/web", "commit": TWO, "previousCommit": ONE}]
    alice.publish("web@1.0.0", commits=[commit("1")], refs=refs)
    assert heads(database) == [TWO]


def test_the_end_of_a_range_is_the_head(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    refs = [{"repository": "acme/web", "commit": f"{ONE}..{TWO}"}]
    alice.publish("web@1.0.0", refs=refs)
    assert heads(database) == [TWO]


@on_one_database
def test_a_range_with_three_dots_is_one_too(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    alice.publish("web@1.0.0", refs=[{"repository": "acme/web", "commit": f"{ONE}...{TWO}"}])
    assert heads(database) == [TWO]


@on_one_database
def test_blank_and_null_previous_commits_are_fine(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    for previous in ("", None):
        refs = [{"repository": "acme/web", "commit": TWO, "previousCommit": previous}]
        alice.publish("web@1.0.0", refs=refs)
    assert heads(database) == [TWO]


def test_the_last_ref_of_a_repository_counts(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    refs = [{"repository": "acme/web", "commit": key} for key in (ONE, TWO)]
    alice.publish("web@1.0.0", refs=refs)
    assert heads(database) == [TWO]


def test_head_commits_are_read_where_there_are_no_refs(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    old = [{"repository": "acme/web", "currentId": TWO, "previousId": None}]
    alice.publish("web@1.0.0", headCommits=old)
    assert heads(database) == [TWO]


def test_refs_win_over_head_commits(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    old = [{"repository": "acme/web", "currentId": TWO}]
    refs = [{"repository": "acme/web", "commit": "3" * 40}]
    alice.publish("web@1.0.0", headCommits=old, refs=refs)
    assert heads(database) == ["3" * 40]


def test_a_head_that_is_known_keeps_what_is_known(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    alice.publish("web@2.0.0", refs=[{"repository": "acme/web", "commit": ONE}])
    shown = alice.get(release_path("web@1.0.0", "commits/")).json()[0]
    assert (shown["message"], shown["author"]["name"]) == ("Tidy up", "Ada")


def test_repositories_of_other_organizations_are_others(alice: Caller, charlie: Caller) -> None:
    body = {"version": "web@1.0.0", "projects": ["web"], "commits": [commit("1")]}
    assert charlie.post("/organizations/globex/releases/", body).status_code == 201
    alice.publish("web@1.0.0", refs=[{"repository": "acme/web", "commit": TWO}])
    [theirs] = charlie.get("/organizations/globex/repos/").json()
    [ours] = alice.get(REPOSITORIES).json()
    assert (theirs["name"], ours["name"]) == ("acme/web", "acme/web")
    assert theirs["id"] != ours["id"]


def test_an_unknown_repository_is_made(alice: Caller, database: Database) -> None:
    """`set-commits` of a repository without commits yet must not fail the pipeline."""
    made = alice.publish("web@1.0.0", refs=[{"repository": "acme/new", "commit": ONE}])
    assert made["commitCount"] == 0
    [repository] = alice.get(REPOSITORIES).json()
    assert (repository["name"], repository["url"]) == ("acme/new", None)
    assert repository["provider"] == {"id": "unknown", "name": "Unknown Provider"}
    assert heads(database) == [ONE]
    alice.put(release_path("web@1.0.0"), {"refs": [{"repository": "acme/too", "commit": TWO}]})
    assert {it["name"] for it in alice.get(REPOSITORIES).json()} == {"acme/new", "acme/too"}


def test_that_commits_of_a_range_cannot_be_fetched_is_told(alice: Caller) -> None:
    ref = {"repository": "acme/web", "commit": TWO, "previousCommit": ONE}
    alice.publish("web@1.0.0", refs=[ref])
    [told] = alice.get(release_path("web@1.0.0", "commit-fetches/")).json()
    assert told["state"] == "failed"
    assert told["error"].startswith("The repository has no remote. Set one")
    assert alice.post(release_path("web@1.0.0", "commit-fetches/")).is_success


def test_an_empty_list_of_refs_clears_an_amended_release(alice: Caller, database: Database) -> None:
    alice.publish("web@1.0.0", commits=[commit("1"), commit("2", repository="acme/lib")])
    answer = alice.put(release_path("web@1.0.0"), {"refs": []})
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["commitCount"], shown["lastCommit"], shown["authors"]) == (0, None, [])
    assert rows(database, "release_commits") == rows(database, "release_heads") == []
    assert len(rows(database, "commits")) == 2


@on_one_database
def test_an_empty_list_of_refs_does_nothing_to_a_published_release(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    assert alice.publish("web@1.0.0", refs=[])["commitCount"] == 1
