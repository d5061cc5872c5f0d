"""Events that are read as the digester reads them, and what is kept of them."""

from datetime import UTC, datetime, timedelta

from shipmark.events.parsing import Event, parse, read
from shipmark.events.payload import Json

ID = "9ec79c33ec9942ab8353589fcb2e04dc"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def event(drift: timedelta = timedelta(0), **payload: object) -> Event:
    """Read an event of these attributes that has just arrived."""
    return read(payload, event_id=ID, received_at=NOW, drift=drift)


def kept(**payload: object) -> Json:
    """Return what is kept of the payload of such an event."""
    return parse(payload, event_id=ID, received_at=NOW).payload


def errors_of(**payload: object) -> list[Json]:
    """Return the errors in it."""
    errors = kept(**payload)["errors"]
    assert isinstance(errors, list)
    return errors


def error(**value: object) -> Event:
    """Read an event with one exception."""
    return event(exception={"values": [value]})


def frame(function: str, *, in_app: bool | None = None) -> dict[str, object]:
    """Make a frame in a file of the same name."""
    return {"function": function, "filename": f"{function}.py", "in_app": in_app}
