"""The criteria of a verdict as texts: ``20%,0.1pp``, ``10m``, ``S,U``, ``0.01``."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.verdicts.judgement import Allowance, Thresholds
from shipmark.verdicts.model import Criteria, Measure

#: The short names of measures, for command lines.
LETTERS = {"S": Measure.SESSIONS, "U": Measure.USERS, "N": Measure.NEW_ISSUES}
#: The names of criteria but the measures.
LIMITS = ("margin", "tolerance", "soak", "ripe", "alpha", "beta", "leastBase", "leastBad")
SOAK_MAX = timedelta(days=14)
#: The chances of a wrong verdict that may be set: below, no release would ever be judged, above, a coin would do.
CHANCE_MIN, CHANCE_MAX = 0.000_001, 0.5
UNITS_MAX = 1_000_000

_ALLOWANCE = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)%,\s*(\d{1,3}(?:\.\d{1,4})?)pp")
_CHANCE = re.compile(r"0?\.\d{1,6}")
_NUMBER = re.compile(r"\d{1,7}")
_LENGTH = re.compile(r"(\d{1,7})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}

_NO_ALLOWANCE = (
    "Give a share of the base's rate and percentage points, such as 20%,0.1pp: at most 1000% and 100pp,"
    " and at least 0.001pp."
)
_NO_LENGTH = "Give a number of seconds, or a number with s, m, h or d behind it, up to 14d."
_NO_CHANCE = "Give a chance between 0.000001 and 0.5, such as 0.01."
_NO_NUMBER = "Give a whole number between 1 and 1000000."
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


def parse_chance(field: str, text: str) -> float:
    """Return the chance of a text such as ``0.01``. Raise `ValidationFailed` with the field."""
    chance = float(text) if _CHANCE.fullmatch(text := text.strip()) else 0.0
    if not CHANCE_MIN <= chance <= CHANCE_MAX:
        raise ValidationFailed({field: [_NO_CHANCE]})
    return chance


def parse_number(field: str, text: str) -> int:
    """Return the number of units of a text. Raise `ValidationFailed` with the field."""
    number = int(text) if _NUMBER.fullmatch(text := text.strip()) else 0
    if not 1 <= number <= UNITS_MAX:
        raise ValidationFailed({field: [_NO_NUMBER]})
    return number


def parse_measures(field: str, texts: Sequence[str]) -> tuple[Measure, ...]:
    """Return the measures of texts such as ``S,U``, each once, in their order.

    Raise `ValidationFailed` with the field.
    """
    letters = {letter.strip().upper() for text in texts for letter in text.split(",")}
    if not letters or letters - LETTERS.keys():
        raise ValidationFailed({field: [_NO_MEASURES]})
    return tuple(measure for letter, measure in LETTERS.items() if letter in letters)


def criteria_of(texts: Mapping[str, str | None], default: Criteria) -> Criteria:
    """Return the criteria that are sent as texts by their names; others, and empty ones, are the default's.

    Raise `ValidationFailed` with the first that can't be read.
    """
    sent = {name: text for name, text in texts.items() if text}
    criteria = default
    if text := sent.get("margin"):
        criteria = replace(criteria, margin=parse_allowance("margin", text))
    if text := sent.get("tolerance"):
        criteria = replace(criteria, tolerance=parse_allowance("tolerance", text))
    if text := sent.get("measure"):
        criteria = replace(criteria, measures=parse_measures("measure", [text]))
    if text := sent.get("soak"):
        criteria = replace(criteria, soak=parse_length("soak", text))
    if text := sent.get("ripe"):
        criteria = replace(criteria, ripe=parse_length("ripe", text))
    return replace(criteria, thresholds=_thresholds_of(sent, criteria.thresholds))


def _thresholds_of(sent: Mapping[str, str], default: Thresholds) -> Thresholds:
    alpha, beta = sent.get("alpha"), sent.get("beta")
    base, bad = sent.get("leastBase"), sent.get("leastBad")
    return Thresholds(
        alpha=parse_chance("alpha", alpha) if alpha else default.alpha,
        beta=parse_chance("beta", beta) if beta else default.beta,
        base_units_min=parse_number("leastBase", base) if base else default.base_units_min,
        bad_units_min=parse_number("leastBad", bad) if bad else default.bad_units_min,
    )


def to_option(criteria: Criteria) -> dict[str, str] | None:
    """Return the value of a project's option: the criteria that differ from the default, None without any."""
    default = texts_of(Criteria())
    changed = {name: text for name, text in texts_of(criteria).items() if text != default[name]}
    return changed or None


def from_option(value: object) -> Criteria:
    """Return the criteria of a project from the value of its option: the default if it can't be read any more."""
    try:
        return criteria_of(value if isinstance(value, dict) else {}, Criteria())
    except ValidationFailed:
        return Criteria()


def from_stored_option(value: str | None) -> Criteria:
    """Return the same from the option's value as it is stored."""
    return from_option(json.loads(value) if value else None)


def texts_of(criteria: Criteria) -> dict[str, str]:
    """Return criteria as texts by their names."""
    letters = {measure: letter for letter, measure in LETTERS.items()}
    thresholds = criteria.thresholds
    return {
        "margin": _text_of(criteria.margin),
        "tolerance": _text_of(criteria.tolerance),
        "measure": ",".join(letters[measure] for measure in criteria.measures),
        "soak": _text_of_length(criteria.soak),
        "ripe": _text_of_length(criteria.ripe),
        "alpha": _text_of_chance(thresholds.alpha),
        "beta": _text_of_chance(thresholds.beta),
        "leastBase": str(thresholds.base_units_min),
        "leastBad": str(thresholds.bad_units_min),
    }


def _text_of(allowance: Allowance) -> str:
    return f"{100 * allowance.relative:g}%,{100 * allowance.absolute:g}pp"


def _text_of_chance(chance: float) -> str:
    return f"{chance:.6f}".rstrip("0")


def _text_of_length(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return f"{seconds}s"
