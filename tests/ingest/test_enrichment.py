"""What the connection of an SDK tells about its event."""

from factories import Caller, World, envelope, error_event, send_event

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


def test_an_event_of_a_browser_has_its_user_agent(alice: Caller, world: World) -> None:
    event = error_event(platform="javascript", request={"url": "https://acme.example.com/a?b"})
    answer = alice.client.post(
        f"/api/{world.projects['web']}/envelope/?sentry_key={world.keys['web']}",
        content=envelope(event),
        headers={"User-Agent": USER_AGENT},
    )
    shown = alice.get(f"/projects/acme/web/events/{answer.json()['id']}/").json()
    assert shown["contexts"]["browser"] == {
        "type": "browser",
        "name": "Firefox",
        "version": "130.0",
    }
    tags = {tag["key"]: tag["value"] for tag in shown["tags"]}
    assert (tags["browser"], tags["url"]) == ("Firefox 130.0", "https://acme.example.com/a")


def test_an_event_of_a_server_has_that_of_its_request(alice: Caller, world: World) -> None:
    event = error_event(request={"headers": [["User-Agent", USER_AGENT]]})
    event_id = send_event(alice.client, world.keys["web"], world.projects["web"], event)
    shown = alice.get(f"/projects/acme/web/events/{event_id}/").json()
    assert shown["contexts"]["os"] == {"type": "os", "name": "Linux"}
