"""Single files of releases, as clients send them."""

from typing import Any

from factories import RELEASES, Caller
from httpx import Response

FILES = f"{RELEASES}web@1.0.0/files/"
CONTENT = b"console.log(1)"


def add(
    caller: Caller,
    name: str | None = "~/app.js",
    content: bytes = CONTENT,
    path: str = FILES,
    *,
    media_type: str = "application/javascript",
    **fields: Any,
) -> Response:
    data = ({} if name is None else {"name": name}) | fields
    return caller.post(path, data=data, files={"file": ("a.js", content, media_type)})


def names(caller: Caller, query: str = "", path: str = FILES) -> list[str]:
    return [it["name"] for it in caller.get(f"{path}?{query}").json()]
