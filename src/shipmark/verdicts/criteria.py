"""The criteria of a verdict as texts: ``20%,0.1pp``, ``10m``, ``S,U``."""

import re
from collections.abc import Sequence
from datetime import timedelta

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.verdicts.judgement import Allowance
from shipmark.verdicts.model import Measure

#: The short names of measures, for command lines.
LETTERS = {"S": Measure.SESSIONS, "U": Measure.USERS, "N": Measure.NEW_ISSUES}
SOAK_MAX = timedelta(days=14)

_ALLOWANCE = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)%,\s*(\d{1,3}(?:\.\d{1,4})?)pp")
_LENGTH = re.compile(r"(\d{1,7})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}

_NO_ALLOWANCE = (
    "Give a share of the base's rate and percentage points, such as 20%,0.1pp: at most 1000% and 100pp,"
    " and at least 0.001pp."
)
_NO_LENGTH = "Give a number of seconds, or a number with s, m, h or d behind it, up to 14d."
_NO_MEASURES = (
    "Give one or more of S (crash-free sessions), U (crash-free users) and N (new issues)."
)


def parse_allowance(field: str, text: str) -> Allowance:
    """Return what a text such as ``20%,0.1pp`` allows. Raise `ValidationFailed` with the field."""
    match = _ALLOWANCE.fullmatch(text.strip())
    relative, points = (float(match[1]), float(match[2])) if match else (0.0, 0.0)
    if relative > 1_000 or not 0.001 <= points <= 100:
        raise ValidationFailed({field: [_NO_ALLOWANCE]})
    return Allowance(relative / 100, points / 100)


def parse_length(field: str, text: str) -> timedelta:
    """Return the length of a text such as ``10m``. Raise `ValidationFailed` with the field."""
    match = _LENGTH.fullmatch(text.strip())
    length = timedelta(seconds=int(match[1]) * _SECONDS[match[2]]) if match else None
    if length is None or length > SOAK_MAX:
        raise ValidationFailed({field: [_NO_LENGTH]})
    return length


def parse_measures(field: str, texts: Sequence[str]) -> tuple[Measure, ...]:
    """Return the measures of texts such as ``S,U``, each once, in their order.

    Raise `ValidationFailed` with the field.
    """
    letters = {letter.strip().upper() for text in texts for letter in text.split(",")}
    if not letters or letters - LETTERS.keys():
        raise ValidationFailed({field: [_NO_MEASURES]})
    return tuple(measure for letter, measure in LETTERS.items() if letter in letters)
