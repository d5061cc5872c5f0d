"""Tags from the contexts and the request of an event, by which it is searched and counted."""

from urllib.parse import urlsplit

from shipmark.events.payload import Json, object_of, text_of

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
        tags["url"] = _without_query(url)
    return tags


def _without_query(url: str) -> str:
    """Return a URL without query and fragment, which differ from request to request."""
    if "?" not in url and "#" not in url:
        return url
    try:
        return urlsplit(url)._replace(query="", fragment="").geturl()
    except ValueError:
        return url.partition("?")[0].partition("#")[0]
