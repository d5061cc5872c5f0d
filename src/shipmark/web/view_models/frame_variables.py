"""The variables of a frame as texts. Of those whose name says that they are secret the value is filtered once more."""

import json

from shipmark.events.payload import Json, object_of
from shipmark.web.view_models.facts import TEXT_MAX, Fact, facts
from shipmark.web.view_models.redaction import FILTERED, is_sensitive, redacted

#: SDKs send up to ten by default.
_VARIABLES_MAX = 50


def variables_of(frame: Json) -> tuple[Fact, ...]:
    """Return the variables of a frame in the order of the SDK, each cut at `TEXT_MAX` characters."""
    sent = list(object_of(frame, "vars").items())[:_VARIABLES_MAX]
    return facts((name[:TEXT_MAX], _shown(name, value)) for name, value in sent)


def _shown(name: str, value: object) -> str:
    if is_sensitive(name):
        return FILTERED
    # Python's SDK sends most values as they are written in a program, other SDKs as JSON.
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return redacted(text[:TEXT_MAX])
