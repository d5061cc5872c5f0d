"""GET ``…/releases/{version}/previous-with-commits/``: where clients begin a range (releases.md 2.10)."""

from factories import NOT_FOUND, Bearer, Caller, commit, release_path


def path(version: str) -> str:
    return release_path(version, "previous-with-commits/")


def test_a_token_without_a_scope_for_it_may_not_ask(alice: Caller, bearer: Bearer) -> None:
    alice.publish("web@1")
    assert bearer(["org:read"]).get(path("web@1")).status_code == 403


def test_an_unknown_release_is_not_found(alice: Caller) -> None:
    answer = alice.get(path("web@1"))
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_without_any_commits_the_answer_is_empty(alice: Caller) -> None:
    alice.publish("web@1")
    answer = alice.get(path("web@1"))
    assert (answer.status_code, answer.json()) == (200, {})


def test_the_newest_earlier_release_with_commits_is_shown(
    alice: Caller, organization_token: Caller
) -> None:
    alice.publish("web@1", commits=[commit("1")])
    second = alice.publish("web@2", commits=[commit("2")])
    alice.publish("web@3")
    alice.publish("web@4")
    alice.publish("web@5", commits=[commit("3")])
    assert organization_token.get(path("web@4")).json() == second


def test_it_may_be_the_release_itself(alice: Caller) -> None:
    made = alice.publish("web@1", commits=[commit("1")])
    assert alice.get(path("web@1")).json() == made


def test_releases_of_other_projects_do_not_count(alice: Caller) -> None:
    alice.publish("mobile@1", "mobile", commits=[commit("1")])
    alice.publish("web@2", "web")
    assert alice.get(path("web@2")).json() == {}


def test_the_date_of_release_orders_them(alice: Caller) -> None:
    alice.publish("web@1", commits=[commit("1")], dateReleased="2025-01-02T00:00:00Z")
    old = alice.publish("web@2", commits=[commit("2")], dateReleased="2025-01-01T00:00:00Z")
    alice.publish("web@3", dateReleased="2025-01-01T12:00:00Z")
    assert alice.get(path("web@3")).json() == old
