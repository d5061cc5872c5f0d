"""``projects/{org}/{project}/commit-paths/``: releases of one package of a monorepo hold only its commits."""

import pytest
from factories import (
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    commit,
    error_event,
    on_one_database,
    release_path,
    send_event,
)

HERE = "/projects/acme/{}/commit-paths/"

COMMITS = [
    commit("1", patch_set=[{"path": "packages/web/a.py", "type": "M"}]),
    commit("2", patch_set=[{"path": "packages/website/a.py", "type": "A"}]),
    commit("3", patch_set=[{"path": "packages/mobile/a.py", "type": "D"}]),
    commit(
        "4",
        patch_set=[{"path": "README.md", "type": "M"}, {"path": "packages/web/b", "type": "M"}],
    ),
    commit("5", patch_set=[]),
    commit("6", message="Nobody says what it touched"),
]


def limit(caller: Caller, project: str, *paths: str) -> None:
    answer = caller.put(HERE.format(project), {"paths": list(paths)})
    assert answer.status_code == 200, answer.text


def held(caller: Caller, version: str) -> tuple[set[str], int, int]:
    shown = caller.get(release_path(version)).json()
    keys = {it["id"][0] for it in caller.get(release_path(version, "commits/")).json()}
    return keys, shown["commitCount"], shown["commitsLeftOut"]


@pytest.mark.parametrize(
    ("paths", "keys"),
    [
        ([], "123456"),
        (["packages/web"], "146"),
        (["packages/web/", "./packages/mobile"], "1346"),
        (["README.md"], "46"),
        (["packages"], "12346"),
        (["elsewhere"], "6"),
    ],
)
def test_commits_that_touch_none_of_the_folders_are_left_out(
    alice: Caller, paths: list[str], keys: str
) -> None:
    limit(alice, "web", *paths)
    shown = alice.publish("web@1", "web", commits=COMMITS)
    assert (shown["commitCount"], shown["commitsLeftOut"]) == (len(keys), 6 - len(keys))
    assert held(alice, "web@1") == (set(keys), len(keys), 6 - len(keys))


def test_a_release_of_several_projects_has_the_commits_of_all(alice: Caller) -> None:
    limit(alice, "web", "packages/web")
    limit(alice, "mobile", "packages/mobile")
    alice.publish("both@1", "web", "mobile", commits=COMMITS)
    assert held(alice, "both@1") == (set("1346"), 4, 2)
    alice.publish("three@1", "web", "mobile", "tools", commits=COMMITS)
    assert held(alice, "three@1") == (set("123456"), 6, 0)


def test_brackets_and_braces_are_letters_of_names(alice: Caller) -> None:
    """Frameworks route by folders with such names."""
    files = ("app/[slug]/page.tsx", "app/{x}/page.tsx", "app/other/page.tsx")
    limit(alice, "web", "app/[slug]", "app/{x}")
    commits = [
        commit(str(number), patch_set=[{"path": file, "type": "M"}])
        for number, file in enumerate(files)
    ]
    alice.publish("web@1", "web", commits=commits)
    assert held(alice, "web@1")[0] == {"0", "1"}


@pytest.mark.parametrize(
    "file",
    ["./packages/web/a.py", "/packages/web/a.py", "packages//web/./a.py", "packages\\web\\a.py"],
)
def test_changed_files_are_compared_however_they_are_spelled(alice: Caller, file: str) -> None:
    limit(alice, "web", "packages/web")
    commits = [
        commit("1", patch_set=[{"path": file, "type": "M"}]),
        commit("2", patch_set=[{"path": "./packages/website/a.py", "type": "M"}]),
    ]
    alice.publish("web@1", "web", commits=commits)
    assert held(alice, "web@1") == ({"1"}, 1, 1)


def test_commits_that_come_later_are_limited_too(alice: Caller) -> None:
    limit(alice, "web", "packages/web")
    alice.publish("web@1", "web")
    for publish in (
        lambda: alice.put(release_path("web@1"), {"commits": COMMITS}),
        lambda: alice.post(
            "/projects/acme/web/releases/", {"version": "web@1", "commits": COMMITS}
        ),
    ):
        assert publish().is_success
        assert held(alice, "web@1") == (set("146"), 3, 3)
    alice.put(release_path("web@1"), {"refs": []})
    assert held(alice, "web@1") == (set(), 0, 0)


def test_the_issues_of_what_is_left_out_stay_open(alice: Caller, world: World) -> None:
    send_event(alice.client, world.keys["web"], world.projects["web"], error_event("1"))
    limit(alice, "web", "packages/web")
    fix = commit("1", message="Fixes WEB-1", patch_set=[{"path": "other/a.py", "type": "M"}])
    alice.publish("web@1", "web", commits=[fix])
    assert alice.get("/organizations/acme/issues/WEB-1/").json()["status"] == "unresolved"
    limit(alice, "web")
    alice.publish("web@2", "web", commits=[fix])
    assert alice.get("/organizations/acme/issues/WEB-1/").json()["status"] == "resolved"


@on_one_database
def test_the_folders_are_shown_as_they_are_kept(alice: Caller, bob: Caller) -> None:
    assert bob.get(HERE.format("web")).json() == {"paths": []}
    limit(alice, "web", "/packages//web/", "packages/web", "./docs")
    assert bob.get(HERE.format("web")).json() == {"paths": ["packages/web", "docs"]}
    limit(alice, "web")
    assert bob.get(HERE.format("web")).json() == {"paths": []}


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["../x"], ['"../x" is not a path from the root of a repository.']),
        (["/"], ['"/" is not a path from the root of a repository.']),
        (["packages\\web"], ['"packages\\web" has a backslash: separate folders by "/".']),
        (["ok", "*.py"], ['"*.py" is a pattern: only folders and files can be given.']),
        (["!docs"], ['"!docs" is a pattern: only folders and files can be given.']),
        (["src/{a,b}"], ['"src/{a,b}" is a pattern: only folders and files can be given.']),
        (["a?c"], ['"a?c" is a pattern: only folders and files can be given.']),
        *(
            (
                [f"packages/web/{stars}"],
                [
                    (
                        f'"packages/web/{stars}" is a pattern: only folders and files can be given.'
                        ' For all below a folder give "packages/web".'
                    )
                ],
            )
            for stars in ("*", "**")
        ),
        ([""], ["This field may not be blank."]),
        ([7, True], ["Not a valid string."]),
        ("packages", ['Expected a list of items but got type "str".']),
        (["a"] * 101, ["Ensure this field has no more than 100 elements."]),
        (None, ["This field may not be null."]),
    ],
)
@on_one_database
def test_what_is_no_path_is_refused(alice: Caller, paths: object, told: list[str]) -> None:
    answer = alice.put(HERE.format("web"), {"paths": paths})
    assert (answer.status_code, answer.json()) == (400, {"paths": told})


@on_one_database
def test_who_may_change_them(
    alice: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer
) -> None:
    body = {"paths": ["a"]}
    for caller, status in (
        (anonymous, 401),
        (charlie, 403),
        (bearer(["project:read"]), 403),
        (bearer(["project:write"]), 200),
    ):
        assert caller.put(HERE.format("web"), body).status_code == status
    answer = alice.put(HERE.format("unknown"), body)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
