"""Removal of values that may be secret from events, before anything is stored (options of organization and project).

A value is removed for the name of its field, wherever it is in the request, the user, contexts, tags, extra data,
breadcrumbs, variables of frames and data of mechanisms; and for its form in any text of those, in messages and in
texts of exceptions: numbers of payment cards, social security numbers, private keys, passwords in URLs, bearer tokens.
What is removed is ``[Filtered]``. Parts without such values are not copied.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache, partial
from urllib.parse import unquote_plus

from shipmark.events.payload import Json, is_pair, same_or_changed
from shipmark.events.scanning import FILTERED, Scan, may_be_secret, scan, without_secrets

#: Names of fields whose values are removed by default, wherever they occur within the name.
_SENSITIVE = re.compile(
    r"passw|secret|api_?key|auth(?!or(?!i[sz]))|credential|mysql_pwd|private_?key|token|bearer"
    r"|session_?id|csrf|xsrf|^(set_)?cookie$|card_?number|^cvv|^cvc|^ssn$"
)
_ADDRESS_HEADERS = frozenset({
    "x_forwarded_for", "x_real_ip", "forwarded", "x_client_ip", "true_client_ip", "cf_connecting_ip",
})  # fmt: skip
_FIELDS = (
    "request",
    "user",
    "contexts",
    "tags",
    "extra",
    "breadcrumbs",
    "message",
    "logentry",
    "csp",
)
_STACKS = ("stacktrace", "raw_stacktrace")
#: The query of a URL within a text; a pattern that begins with a character is fast.
_QUERY = re.compile(r"\?([^\s#\"'<>?]*=[^\s#\"'<>]*)")
#: A name begins after what can't be in one: tried at each letter, a body of 40,000 without "=" takes 20 s.
_PAIR = re.compile(r"(?<![^=&;?\s#])([^=&;?\s#]+)=([^&;\s#]*)")
_NAMES_MAX = 4096
#: The most sets of names that are remembered.
_SETS_MAX = 256
_NAME_MAX = 200
#: Longer bodies of requests are not parsed, but still searched for secret texts.
_BODY_MAX = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubbingRules:
    """What is removed from the events of a project. The names of fields match in any case.

    ``sensitive_fields`` match within a name, ``safe_fields`` are whole names, and never removed.
    """

    is_on: bool = True
    has_defaults: bool = True
    sensitive_fields: tuple[str, ...] = ()
    safe_fields: tuple[str, ...] = ()
    removes_addresses: bool = False


def scrub(payload: Json, rules: ScrubbingRules, seen: Scan | None = None) -> Json:
    """Return the event without what the rules remove, itself if that is nothing.

    ``seen`` is the `scan` of the event, if that is known.
    """
    if rules.removes_addresses:
        payload = _without_addresses(payload)
    return _scrubber(rules).scrub(payload, seen or scan(payload)) if rules.is_on else payload


class _FieldVerdicts(dict[str, bool]):
    """True for the names of fields whose values are removed; the names repeat from event to event."""

    def __init__(self, rules: ScrubbingRules) -> None:
        super().__init__()
        self._sensitive = tuple(filter(None, map(_normalized, rules.sensitive_fields)))
        self.safe = frozenset(map(_normalized, rules.safe_fields))
        self._has_defaults = rules.has_defaults

    def __missing__(self, name: str) -> bool:
        normalized = _normalized(name)
        is_sensitive = normalized not in self.safe and (
            (self._has_defaults and _SENSITIVE.search(normalized) is not None)
            or any(word in normalized for word in self._sensitive)
        )
        if len(self) < _NAMES_MAX and len(name) <= _NAME_MAX:
            self[name] = is_sensitive
        return is_sensitive


def _normalized(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


class _Scrubber:
    """Applies compiled rules."""

    def __init__(self, rules: ScrubbingRules) -> None:
        self._verdicts = _FieldVerdicts(rules)
        self._has_defaults = rules.has_defaults
        # Events of an application have the same fields again and again.
        self._sensitive_among = lru_cache(_SETS_MAX)(self._sensitive)

    def _sensitive(self, names: frozenset[str]) -> frozenset[str]:
        return frozenset(name for name in names if self._verdicts[name])

    def scrub(self, payload: Json, seen: Scan) -> Json:
        """Return the event without secrets: by the names of fields, then by the form of texts."""
        names = seen.names.union(_names_of_pairs(payload))
        if sensitive := self._sensitive_among(names):
            payload = _each_part(payload, _ByName(sensitive).value)
        payload = self._request_texts(payload)
        is_suspect = self._has_defaults and may_be_secret(seen.text)
        if not is_suspect and "?" in seen.text:
            queries = _QUERY.findall(seen.text)
            is_suspect = any(self._without_pairs(query) != query for query in queries)
        return self._by_form(payload) if is_suspect else payload

    def _by_form(self, payload: Json) -> Json:
        texts: list[str] = []
        _each_part(payload, partial(_gather, texts))
        changed = {text: self._without_pairs(text) if "?" in text else text for text in texts}
        if self._has_defaults:
            changed = {text: without_secrets(new) for text, new in changed.items()}
        secrets = {text: new for text, new in changed.items() if new != text}
        if not secrets:
            return payload
        return _each_part(payload, _ByText(secrets, self._verdicts.safe).value)

    def _request_texts(self, payload: Json) -> Json:
        """Return the event without secrets in the query, cookies and body of its request that were sent as texts."""
        request = payload.get("request")
        if not isinstance(request, dict):
            return payload
        changes = {
            name: self._without_pairs(text)
            for name in ("query_string", "cookies")
            if isinstance(text := request.get(name), str) and "=" in text
        }
        if isinstance(body := request.get("data"), str):
            changes["data"] = self._without_fields(body)
        return payload | {"request": request | changes} if changes else payload

    def _without_pairs(self, text: str) -> str:
        """Return a URL, query, form or list of cookies without the values of sensitive names."""

        def kept(pair: re.Match[str]) -> str:
            is_sensitive = pair[2] and self._verdicts[unquote_plus(pair[1])]
            return f"{pair[1]}={FILTERED}" if is_sensitive else pair[0]

        return _PAIR.sub(kept, text) if "=" in text else text

    def _without_fields(self, text: str) -> str:
        """Return the body of a request, JSON or a form, without the values of sensitive names."""
        if len(text) > _BODY_MAX or not text.lstrip().startswith(("{", "[")):
            return self._without_pairs(text)
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            return text
        sensitive = {name for name in scan({"body": body}).names if self._verdicts[name]}
        changed = _ByName(sensitive).value(body)
        return text if changed is body else json.dumps(changed, ensure_ascii=False)


class _ByName:
    """Removes the values of fields with these names."""

    def __init__(self, names: AbstractSet[str]) -> None:
        self._names = names

    def value(self, value: object) -> object:
        """Return the value without those of sensitive fields within it, itself if there are none."""
        if isinstance(value, dict):
            return self._fields(value)
        return self._items(value) if isinstance(value, list) else value

    def _fields(self, fields: Json) -> Json:
        changes: Json = {}
        if not self._names.isdisjoint(fields):
            held = [(name, fields[name]) for name in fields if name in self._names]
            changes = {name: FILTERED for name, value in held if value is not None and value != ""}
        for name, value in fields.items():
            # Comparing types is faster than isinstance.
            if (type(value) is dict or type(value) is list) and name not in changes:
                changed = self.value(value)
                if changed is not value:
                    changes[name] = changed
        return fields | changes if changes else fields

    def _items(self, items: list[object]) -> list[object]:
        """Return a list; pairs in it are a name and a value, as headers and tags may be sent."""
        if _is_named_pair(items) and items[0] in self._names:
            return [items[0], FILTERED] if items[1] else items
        result = items
        for index, item in enumerate(items):
            if type(item) is dict or type(item) is list:
                changed = self.value(item)
                if changed is not item:
                    result = list(items) if result is items else result
                    result[index] = changed
        return result


def _names_of_pairs(payload: Json) -> Iterator[str]:
    """Yield the names in lists of pairs, in the places where clients send these."""
    places: list[object] = [payload.get("tags")]
    if isinstance(request := payload.get("request"), dict):
        places += [request.get(name) for name in ("headers", "cookies", "query_string", "env")]
    for place in places:
        for pair in place if isinstance(place, list) else ():
            if _is_named_pair(pair):
                yield pair[0]


def _gather(texts: list[str], value: object) -> object:
    """Add all texts of a value to a list, and return the value."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for item in value.values():
            _gather(texts, item)
    elif isinstance(value, list):
        for item in value:
            _gather(texts, item)
    return value


class _ByText:
    """Replaces texts that contain secrets, but not those of safe fields."""

    def __init__(self, secrets: Mapping[str, str], safe: frozenset[str]) -> None:
        self._secrets, self._safe = secrets, safe

    def value(self, value: object) -> object:
        """Return the value with each text replaced."""
        if isinstance(value, str):
            return self._secrets.get(value, value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {
                name: item if self._safe and _normalized(name) in self._safe else self.value(item)
                for name, item in value.items()
            }
        return value


@lru_cache(256)
def _scrubber(rules: ScrubbingRules) -> _Scrubber:
    return _Scrubber(rules)


#: Changes a value that may hold secrets; the same object means no change.
_Change = Callable[[object], object]


def _each_part(payload: Json, change: _Change) -> Json:
    """Return the event with each part changed that may hold secrets: not names, code and positions of frames."""
    payload = _changed(payload, _FIELDS, change)
    payload = _changed(payload, ("exception", "threads"), lambda value: _holders(value, change))
    return _changed(payload, _STACKS, lambda stack: _stack(stack, change))


def _changed(holder: Json, names: Iterable[str], change: _Change) -> Json:
    changes: Json = {}
    for name in names:
        value = holder.get(name)
        if value is not None and (changed := change(value)) is not value:
            changes[name] = changed
    return holder | changes if changes else holder


def _holders(value: object, change: _Change) -> object:
    """Return exceptions or threads, in any form that clients send."""
    if isinstance(value, list):
        return same_or_changed(value, lambda item: _holders(item, change))
    if not isinstance(value, dict):
        return value
    if "values" in value:
        return _changed(value, ("values",), lambda values: _holders(values, change))
    value = _changed(value, _STACKS, lambda stack: _stack(stack, change))
    return _changed(value, ("value", "mechanism"), change)


def _stack(stack: object, change: _Change) -> object:
    """Return a stack with the variables of its frames changed."""
    frames = stack.get("frames") if isinstance(stack, dict) else None
    if not isinstance(stack, dict) or not isinstance(frames, list):
        return stack
    result = frames
    for index, frame in enumerate(frames):
        variables = frame.get("vars") if isinstance(frame, dict) else None
        if variables and (changed := change(variables)) is not variables:
            result = list(frames) if result is frames else result
            result[index] = frame | {"vars": changed}
    return stack if result is frames else stack | {"frames": result}


def _without_addresses(payload: Json) -> Json:
    """Return the event without the IP addresses of its user and of proxies."""
    changes: Json = {}
    if isinstance(user := payload.get("user"), dict) and "ip_address" in user:
        changes["user"] = _without(user, {"ip_address"})
    if isinstance(sdk := payload.get("sdk"), dict) and "client_ip" in sdk:
        changes["sdk"] = _without(sdk, {"client_ip"})
    if isinstance(request := payload.get("request"), dict):
        parts: Json = {}
        if isinstance(environ := request.get("env"), dict):
            parts["env"] = _without(environ, {"REMOTE_ADDR"})
        parts["headers"] = _without_address_headers(request.get("headers"))
        changes["request"] = request | {name: part for name, part in parts.items() if part}
    return payload | changes if changes else payload


def _without_address_headers(headers: object) -> object:
    if isinstance(headers, dict):
        names = {name for name in headers if _normalized(name) in _ADDRESS_HEADERS}
        return _without(headers, names)
    if isinstance(headers, list):
        return [pair for pair in headers if not _is_address_header(pair)]
    return headers


def _is_address_header(pair: object) -> bool:
    return (
        _is_named_pair(pair) and isinstance(pair, list) and _normalized(pair[0]) in _ADDRESS_HEADERS
    )


def _is_named_pair(item: object) -> bool:
    return isinstance(item, list) and is_pair(item) and isinstance(item[0], str)


def _without(value: Json, names: Iterable[str]) -> Json:
    return {key: item for key, item in value.items() if key not in names}
