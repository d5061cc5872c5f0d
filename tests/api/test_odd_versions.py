"""A version may hold nearly anything, and every address that names one finds it (releases.md 0.1, 1.3.1)."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import quote

import pytest
from factories import RELEASES, WEB_RELEASES, Caller, World, on_one_database, rows
from fuzzing import some_in_each_run
from httpx import Client, Response
from litestar.handlers import HTTPRouteHandler

from shipmark.accounts import actions as accounts
from shipmark.app import assemble
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings

ODD = {
    "a space": "web 1.0.0",
    "spaces around": "  web@1.0.0 ",
    "a percent sign": "100%",
    "what looks encoded": "web%401.0%2B5",
    "what looks encoded twice": "web%25401",
    "a hash": "web#1",
    "a question mark": "web?1&x=2",
    "a plus": "web@1.0.0+5",
    "an at": "@scope@1.0.0",
    "a colon": "web:1;2,3",
    "letters of others": "wéb@1.0-ß-版",
    "a picture": "🚀@1",
    "quotes": "\"web'`<1>",
    "brackets": "[web]{1}(2)|^~",
    "dots": "...",
    "what is a part of an address": "deploys",
    "200 characters": "v" * 200,
    "200 characters that are long when encoded": "版" * 200,
}
PLAIN = "web@9.9.9"
UNKNOWN = "web@0.0.0-unknown"
METHODS = ("GET", "PUT", "POST", "DELETE")


@cache
def addresses() -> list[tuple[str, str]]:
    """The method and the path of every route that has a version in it, deletions last."""
    app = assemble(Settings(), Database("sqlite:///never-opened.db"))
    found = [
        (method, f"{route.path_format.rstrip('/')}/")
        for route in app.routes
        if "{version}" in route.path_format
        for handler in route.route_handlers  # type: ignore[union-attr]
        if isinstance(handler, HTTPRouteHandler)
        for method in handler.http_methods
        if method in METHODS
    ]
    return sorted(found, key=lambda it: (METHODS.index(it[0]), it[1]))


def called(caller: Caller, method: str, path: str, version: str) -> Response:
    """What a route answers about that version, as it stands in the address."""
    path = path.replace("{version}", version).replace("{organization}", "acme")
    path = re.sub(r"\{(\w+)\}", "1", path.replace("{project}", "web"))
    headers = caller.headers | {"Content-Type": "application/json"}
    content = b"{}" if method in {"PUT", "POST"} else None
    return caller.client.request(method, path, content=content, headers=headers)


@pytest.fixture
def everybody(alice: Caller, database: Database, world: World) -> Iterator[Caller]:
    """Alice, with her token and signed in to the pages."""
    with database.transaction() as connection:
        accounts.sign_in(connection, world.users["alice@example.com"], "f" * 64, now())
    alice.client.cookies.set("shipmark_session", "f" * 64)
    yield alice
    alice.client.cookies.clear()


#: Returns the status of a route's answer about a version that no release has.
StatusOfUnknown = Callable[[str, str], int]


@pytest.fixture(scope="module")
def known_statuses() -> dict[tuple[str, str], int]:
    """What was answered about the unknown version before: which releases there are changes nothing in that."""
    return {}


@pytest.fixture
def status_of_unknown(
    everybody: Caller, known_statuses: dict[tuple[str, str], int]
) -> StatusOfUnknown:
    def status(method: str, path: str) -> int:
        if (method, path) not in known_statuses:
            answer = called(everybody, method, path, UNKNOWN)
            known_statuses[method, path] = answer.status_code
        return known_statuses[method, path]

    return status


@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
@pytest.mark.parametrize("name", some_in_each_run(ODD))
@on_one_database
def test_every_address_reaches_a_release_of_an_odd_name(
    everybody: Caller, name: str, status_of_unknown: StatusOfUnknown
) -> None:
    """What a route answers of an odd version is what it answers of a plain one, and not of an unknown one."""
    assert len(addresses()) >= 18
    odd, reached = ODD[name], 0
    everybody.publish(odd)
    everybody.publish(PLAIN)
    for method, path in addresses():
        if method != "GET":
            # The request before may have deleted them.
            everybody.publish(odd)
            everybody.publish(PLAIN)
        expected = called(everybody, method, path, PLAIN).status_code
        assert expected < 500, (method, path)
        answer = called(everybody, method, path, quote(odd, safe=""))
        assert answer.status_code == expected, (method, path, answer.text)
        reached += expected != status_of_unknown(method, path)
    assert reached >= len(addresses()) * 3 // 4


@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
@pytest.mark.parametrize("name", [it for it, version in ODD.items() if quote(version) != version])
@on_one_database
def test_a_name_that_is_encoded_twice_is_another_one(
    everybody: Caller, name: str, status_of_unknown: StatusOfUnknown
) -> None:
    twice = quote(quote(ODD[name], safe=""), safe="")
    everybody.publish(ODD[name])
    for method, path in addresses():
        answer = called(everybody, method, path, twice)
        if status_of_unknown(method, path) == 404:
            assert answer.status_code == 404, (method, path, answer.text)


@pytest.mark.parametrize("name", ODD)
def test_what_is_shown_is_what_was_sent(alice: Caller, name: str) -> None:
    version = ODD[name]
    assert alice.publish(version)["version"] == version
    for base in (RELEASES, WEB_RELEASES):
        assert alice.get(f"{base}{quote(version, safe='')}/").json()["version"] == version


FORBIDDEN = [
    "a/b", "/", "a\\b", "a\nb", "a\rb", "a\tb", "a\fb", "web@1.0.0\n",
    ".", "..", "latest", "LATEST", " Latest ", " .. ",
]  # fmt: skip


@pytest.mark.parametrize("version", FORBIDDEN)
@on_one_database
def test_every_route_that_makes_releases_refuses_the_same_names(
    alice: Caller, client: Client, database: Database, version: str
) -> None:
    hook = alice.get(f"{WEB_RELEASES}token/").json()["webhookUrl"]
    told = {"version": [f"Release with name {version} is not allowed"]}
    for answer in (
        alice.post(RELEASES, {"version": version, "projects": ["web"]}),
        alice.post(WEB_RELEASES, {"version": version}),
        client.post(hook, json={"version": version}),
    ):
        assert (answer.status_code, answer.json()) == (400, told)
    assert rows(database, "releases") == []


@pytest.mark.parametrize("version", ["", "   "])
@on_one_database
def test_no_route_makes_a_release_without_a_name(
    alice: Caller, client: Client, version: str
) -> None:
    hook = alice.get(f"{WEB_RELEASES}token/").json()["webhookUrl"]
    for answer in (
        alice.post(RELEASES, {"version": version, "projects": ["web"]}),
        alice.post(WEB_RELEASES, {"version": version}),
        client.post(hook, json={"version": version}),
    ):
        assert (answer.status_code, list(answer.json())) == (400, ["version"])


@pytest.mark.parametrize("name", ["completion", "token"])
def test_fixed_addresses_win_over_releases_of_their_name(alice: Caller, name: str) -> None:
    """Such a release is reached below its organization."""
    alice.publish(name)
    assert '"version"' not in alice.get(f"{WEB_RELEASES}{name}/").text
    assert alice.get(f"{RELEASES}{name}/").json()["version"] == name
