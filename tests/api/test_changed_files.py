"""GET ``…/releases/{version}/commitfiles/`` (releases.md 2.9)."""

import pytest
from factories import MASK, NOT_FOUND, RELEASES, Bearer, Caller, World, commit, masked, release_path

PATH = release_path("web@1.0.0", "commitfiles/")


def patch(**types: str) -> list[dict[str, str]]:
    return [{"path": f"{name}.py", "type": kind} for name, kind in types.items()]


def test_a_token_without_a_scope_for_it_may_not_list(alice: Caller, bearer: Bearer) -> None:
    alice.publish("web@1.0.0")
    assert bearer(["org:read"]).get(PATH).status_code == 403


def test_an_unknown_release_is_not_found(alice: Caller) -> None:
    answer = alice.get(PATH)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_release_without_commits_changed_nothing(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    assert alice.get(PATH).json() == []


def test_files_come_by_name_once_a_commit(alice: Caller, world: World) -> None:
    alice.publish(
        "web@1.0.0",
        commits=[commit("1", patch_set=patch(b="M", a="A")), commit("2", patch_set=patch(a="D"))],
    )
    shown = alice.get(PATH).json()
    assert [(it["filename"], it["type"]) for it in shown] == [
        ("a.py", "A"),
        ("a.py", "D"),
        ("b.py", "M"),
    ]
    assert masked(shown[0], "id") == {
        "id": MASK,
        "orgId": world.organizations["acme"],
        "author": {"name": "Ada", "email": "ada@example.com"},
        "commitMessage": "Tidy up",
        "filename": "a.py",
        "type": "A",
        "repoName": "acme/web",
    }


def test_the_letters_of_renamed_copied_and_changed_types_are_taken(alice: Caller) -> None:
    """`git diff --name-status` writes a percentage behind some, and several of a merge; clients pass all on."""
    given = {"a": "R", "b": "R100", "c": "C75", "d": "C", "e": "T", "f": "M090", "g": " R050 "}
    given |= {"h": "MM", "i": "AM", "j": "AA", "k": "DD"}
    alice.publish("web@1.0.0", commits=[commit("1", patch_set=patch(**given))])
    shown = {it["filename"][0]: it["type"] for it in alice.get(PATH).json()}
    assert shown == {"a": "A", "b": "A", "c": "A", "d": "A", "e": "M", "f": "M", "g": "A"} | {
        "h": "M", "i": "M", "j": "A", "k": "D",
    }  # fmt: skip


def test_paths_in_the_quotes_of_git_are_read(alice: Caller) -> None:
    """A limit of characters is of the path itself, which git writes with four for each byte."""
    paths = {r'"a/f\303\274.txt"': "a/fü.txt", '"plain"': '"plain"'}
    paths['"' + r"\303\274" * 500 + '"'] = "ü" * 500
    patch_set = [{"path": path, "type": "A"} for path in paths]
    alice.publish("web@1.0.0", commits=[commit("1", patch_set=patch_set)])
    assert {it["filename"] for it in alice.get(PATH).json()} == set(paths.values())


@pytest.mark.parametrize("letter", ["X", "R1000", "MX", "100", "r", "R100%"])
def test_other_letters_refuse_the_release_by_name(alice: Caller, letter: str) -> None:
    answer = alice.post(
        RELEASES,
        {
            "version": "web@1.0.0",
            "projects": ["web"],
            "commits": [commit("1", patch_set=patch(a=letter))],
        },
    )
    reason = f"Commit patch_set type {letter} is not supported."
    assert (answer.status_code, answer.json()) == (
        400,
        {"commits": {"patch_set": {"type": [reason]}}},
    )


def test_a_repository_filters(alice: Caller) -> None:
    alice.publish(
        "web@1.0.0",
        commits=[
            commit("1", patch_set=patch(a="M")),
            commit("2", patch_set=patch(b="M"), repository="acme/lib"),
        ],
    )
    shown = alice.get(f"{PATH}?repo_name=acme/lib").json()
    assert [it["filename"] for it in shown] == ["b.py"]
    assert alice.get(f"{PATH}?repo_name=nope").status_code == 404


def test_they_have_pages(alice: Caller) -> None:
    alice.publish("web@1.0.0", commits=[commit("1", patch_set=patch(a="M", b="M", c="M"))])
    pages = [alice.get(f"{PATH}?per_page=2&cursor=2:{page}:0").json() for page in range(2)]
    assert [[it["filename"] for it in page] for page in pages] == [["a.py", "b.py"], ["c.py"]]
