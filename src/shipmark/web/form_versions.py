"""What a form showed, so that a save notices what was changed meanwhile, in another tab or by another person.

A form carries a checksum of each value that it shows. A save compares them with what is stored: of a field that was
changed there, the user sees the stored value before anything is replaced, and saving the same form again goes on.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from zlib import crc32

from shipmark.infrastructure.errors import ValidationFailed

#: The hidden field with the checksums.
SHOWN = "shown"
_NEW_VALUE = "Changed meanwhile: this is the value now."
_EMPTIED = "Changed meanwhile: it is empty now. Saving again replaces that with your entry."
_REPLACED = "Changed meanwhile. Saving again replaces this value with your entry:\n{}"

#: What the values of a choice are called, by the field.
ChoiceNames = Mapping[str, Callable[[str], str]]
NO_CHOICES: ChoiceNames = MappingProxyType({})


class ChangedMeanwhile(ValidationFailed):
    """Values of a form were changed since it was shown.

    ``values`` are those to show now: the stored ones where the user had changed nothing, else what was typed.
    """

    def __init__(self, fields: Mapping[str, object], values: Mapping[str, str]) -> None:
        super().__init__(fields)
        self.values = values


def checksums(stored: Mapping[str, str], *names: str) -> str:
    """Return the checksum of each field of a form, by default of all."""
    return " ".join(f"{name}={_checksum(stored.get(name, ''))}" for name in names or stored)


def require_unchanged(
    sent: Mapping[str, str], stored: Mapping[str, str], choice_names: ChoiceNames = NO_CHOICES
) -> None:
    """Raise `ChangedMeanwhile` if a value was changed since the form was shown, to another one than was sent.

    A form that does not say what it showed is saved as it is. A box that is not ticked is not sent.
    """
    shown = dict(part.partition("=")[::2] for part in sent.get(SHOWN, "").split())
    typed = {name: sent.get(name, "") for name in shown if name in stored}
    untouched = {name for name in typed if _checksum(typed[name]) == shown[name]}
    changed = [
        name
        for name in typed
        if _checksum(stored[name]) not in {shown[name], _checksum(typed[name])}
    ]
    if changed:
        sentences = {
            name: _NEW_VALUE if name in untouched else _sentence(stored[name], name, choice_names)
            for name in changed
        }
        raise ChangedMeanwhile(
            {name: [sentence] for name, sentence in sentences.items()},
            {name: stored[name] if name in untouched else typed[name] for name in typed},
        )


def _sentence(value: str, field: str, choice_names: ChoiceNames) -> str:
    """Return the sentence for a value that replaced the one which the user had changed."""
    return _REPLACED.format(choice_names.get(field, str)(value)) if value else _EMPTIED


def _checksum(value: str) -> str:
    """Return the checksum of a value, however a browser sends it."""
    text = value.replace("\r\n", "\n").strip()
    return f"{crc32(text.encode()):08x}"
