"""Lists within events that clients write in another form: as objects with numbers for keys, or of texts.

PHP writes a list of which an entry was removed as an object (``{"0": …, "2": …}``). Log shippers and small clients
send an exception, or a breadcrumb, as its text alone.
"""

from shipmark.events.payload import Json, same_or_changed

#: The parts that are lists of objects, with the attribute that an entry's text is.
_PARTS = {"exception": "value", "threads": "name", "breadcrumbs": "message"}
_WITHOUT_STACKS = "breadcrumbs"
#: The keys of a list are no longer.
_DIGITS_MAX = 6


def with_lists(payload: Json) -> Json:
    """Return the event with lists of objects for what can be read as such, itself if it has no others."""
    changes: Json = {}
    for name, text_name in _PARTS.items():
        sent = payload.get(name)
        values = sent.get("values") if isinstance(sent, dict) and "values" in sent else sent
        listed = _with_objects(_list_of(values), text_name)
        if name != _WITHOUT_STACKS:
            listed = same_or_changed(listed, _with_listed_frames)
        if values and listed is not values:
            changes[name] = {"values": listed}
    return payload | changes if changes else payload


def _list_of(value: object) -> object:
    """Return the values of an object whose keys are numbers, in their order, or the value as it is."""
    if not isinstance(value, dict) or not value or not all(map(_is_index, value)):
        return value
    return [value[key] for key in sorted(value, key=int)]


def _is_index(key: str) -> bool:
    return key.isascii() and key.isdecimal() and len(key) <= _DIGITS_MAX


def _with_objects(values: object, text_name: str) -> object:
    """Return a list with objects in place of texts; a single text or object is a list of it."""
    listed = [values] if isinstance(values, str | dict) else values
    # A set of types is faster than a look at each entry.
    if not isinstance(listed, list) or str not in set(map(type, listed)):
        return listed
    return [{text_name: each} if isinstance(each, str) else each for each in listed]


def _with_listed_frames(holder: object) -> object:
    stack = holder.get("stacktrace") if isinstance(holder, dict) else None
    if not isinstance(holder, dict) or not isinstance(stack, dict):
        return holder
    frames = stack.get("frames")
    listed = _list_of(frames)
    return holder if listed is frames else {**holder, "stacktrace": {**stack, "frames": listed}}
