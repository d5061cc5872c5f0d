"""Objects and texts within events that clients write in another form.

PHP writes an object with the keys 0, 1, 2 as a list, and callers pass lists, texts or objects where SDKs do not look:
``setContext("cart", [7, 9])``, ``addBreadcrumb({data: args})``, ``set_user("ada")``, ``capture_message({"code": 5})``.
"""

from operator import is_

from shipmark.events.payload import Json, same_or_changed, text_or_json

#: An object in place of a message is one with these attributes.
_MESSAGE_NAMES = frozenset({"message", "formatted", "params"})
#: The name of a value that has none.
_VALUE = "value"


def with_objects(payload: Json) -> Json:
    """Return the event with objects and texts for what can be read as such, itself if it has no others.

    Lists of objects are lists already (`with_lists`).
    """
    forms = {
        "message": _message(payload.get("message")),
        "logentry": _message(payload.get("logentry")),
        "user": _user(payload.get("user")),
        "extra": _object(payload.get("extra")),
        "contexts": _contexts(payload.get("contexts")),
        "breadcrumbs": _breadcrumbs(payload.get("breadcrumbs")),
    }
    changes = {name: value for name, value in forms.items() if value is not payload.get(name)}
    return payload | changes if changes else payload


def _object(value: object) -> object:
    """Return a list as an object with the positions for keys, a single value as one; others as they are."""
    if not value or isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {str(position): each for position, each in enumerate(value)}
    return {_VALUE: value}


def _message(value: object) -> object:
    """Return a list, or an object without the attributes of a message, as JSON."""
    is_json = isinstance(value, list) or (
        isinstance(value, dict) and _MESSAGE_NAMES.isdisjoint(value)
    )
    return text_or_json(value) if value and is_json else value


def _user(value: object) -> object:
    """Return a text or a number as the id of a user, and data of the user that is no object as one."""
    if isinstance(value, dict):
        value = _with_spelled_id(value)
        data = value.get("data")
        read = _object(data)
        return value if read is data else {**value, "data": read}
    is_id = isinstance(value, str | int) and not isinstance(value, bool)
    return {"id": value} if value and is_id else value


def _with_spelled_id(user: Json) -> Json:
    """Return a user with their id: SDKs of JavaScript spread a text into ``{"0": "a", "1": "d", "2": "a"}``."""
    if "0" not in user or "id" in user:
        return user
    letters = {name: value for name, value in user.items() if name.isdecimal()}
    is_text = all(isinstance(letter, str) and len(letter) == 1 for letter in letters.values())
    if not is_text or list(letters) != [str(at) for at in range(len(letters))]:
        return user
    rest = {name: value for name, value in user.items() if name not in letters}
    return {**rest, "id": "".join(map(str, letters.values()))}


def _contexts(value: object) -> object:
    if not isinstance(value, dict):
        return value
    read = {name: _object(context) for name, context in value.items()}
    return value if all(map(is_, read.values(), value.values())) else read


def _breadcrumbs(value: object) -> object:
    listed = value.get("values") if isinstance(value, dict) else value
    if not isinstance(listed, list):
        return value
    # Sets of types are faster than a look at each breadcrumb.
    objects = [each for each in listed if isinstance(each, dict)]
    types = {type(each.get("data")) for each in objects} - {dict, type(None)}
    if not types and {dict, list}.isdisjoint({type(each.get("message")) for each in objects}):
        return value
    read = same_or_changed(listed, _breadcrumb)
    return value if read is listed else {"values": read}


def _breadcrumb(value: object) -> object:
    """Return a breadcrumb with an object for its data, and a text for its message."""
    if not isinstance(value, dict):
        return value
    data, message = value.get("data"), value.get("message")
    changes: Json = {}
    if data and not isinstance(data, dict):
        changes["data"] = _object(data)
    if message and isinstance(message, dict | list):
        changes["message"] = text_or_json(message)
    return value | changes if changes else value
