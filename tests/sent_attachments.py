"""Attachments of events, as SDKs send them."""

import json

from httpx import Client


def attachment_item(content: bytes = b"line\nline\n", **headers: object) -> bytes:
    """An item of an envelope with a file."""
    head: dict[str, object] = {"type": "attachment", "length": len(content), "filename": "a.log"}
    return json.dumps(head | headers).encode() + b"\n" + content


def send_attachment(
    client: Client, dsn_key: str, project_id: int, event_id: str, *items: bytes
) -> None:
    """Send files of an event, as SDKs do."""
    content = b"\n".join(
        [json.dumps({"event_id": event_id}).encode(), *(items or [attachment_item()])]
    )
    answer = client.post(
        f"/api/{project_id}/envelope/",
        content=content,
        headers={"X-Sentry-Auth": f"Sentry sentry_key={dsn_key}"},
    )
    assert answer.status_code == 200, answer.text
