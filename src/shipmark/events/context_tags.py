"""Tags from the contexts and the request of an event, by which it is searched and counted."""

import re

from shipmark.events import security_reports
from shipmark.events.payload import Json, object_of, text_of

_QUERY = re.compile(r"[?#]")
_USER = re.compile(r"://[^/]*@")
#: Contexts with a name and a version.
_NAMED = ("browser", "client_os", "os", "runtime")


def context_tags(payload: Json) -> dict[str, str]:
    """Return tags such as ``browser: Firefox 130.0``, ``browser.name: Firefox``, ``device.family`` and ``url``."""
    tags: dict[str, str] = {}
    contexts = object_of(payload, "contexts")
    for key in _NAMED if contexts else ():
        if context := object_of(contexts, key):
            name, version = text_of(context, "name"), text_of(context, "version")
            tags[key] = f"{name} {version}".strip() if name else ""
            tags[f"{key}.name"] = name
    if device := object_of(contexts, "device"):
        tags["device"], tags["device.family"] = text_of(device, "model"), text_of(device, "family")
    if url := text_of(object_of(payload, "request"), "url"):
        tags["url"] = _address(url)
    tags |= security_reports.tags_of(payload)
    return tags


def _address(url: str) -> str:
    """Return a URL without user, query and fragment, which differ from request to request and may be secret."""
    if not any(mark in url for mark in "?#@"):
        return url
    return _USER.sub("://", _QUERY.split(url, maxsplit=1)[0])
