"""Types of numbers and booleans, which check and convert a value as the protocol does (releases.md 2.3.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError

from shipmark.http.validation import errors
from shipmark.http.validation.errors import invalid
from shipmark.http.validation.scalars import Scalar

_INTEGER = re.compile(r"-?[0-9]{1,1000}(?:\.0)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Scalar[int]):
    """A whole number, also written as a text; booleans are refused."""

    maximum: int
    minimum: int = 0

    def parse(self, value: object) -> int:
        """Return the number."""
        if value is None:
            raise invalid(errors.NULL)
        if isinstance(value, bool) or not _INTEGER.fullmatch(str(value).strip()):
            raise invalid(errors.BAD_INTEGER)
        number = int(str(value).strip().removesuffix(".0"))
        if number < self.minimum:
            raise _too_small(str(self.minimum))
        if number > self.maximum:
            raise _too_large(str(self.maximum))
        return number

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


def _too_small(minimum: str) -> PydanticCustomError:
    return invalid(f"Ensure this value is greater than or equal to {minimum}.")


def _too_large(maximum: str) -> PydanticCustomError:
    return invalid(f"Ensure this value is less than or equal to {maximum}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decimal(Scalar[float]):
    """A number, whole or not, also written as a text; booleans are refused."""

    maximum: float
    minimum: float = 0.0

    def parse(self, value: object) -> float:
        """Return the number."""
        if value is None:
            raise invalid(errors.NULL)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise invalid(errors.BAD_DECIMAL)
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise invalid(errors.BAD_DECIMAL) from None
        # Written so that NaN is refused too.
        if not number >= self.minimum:
            raise _too_small(f"{self.minimum:g}")
        if not number <= self.maximum:
            raise _too_large(f"{self.maximum:g}")
        return number

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}


_ON = frozenset({"t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_OFF = frozenset(
    {"f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
)


@dataclass(frozen=True, slots=True)
class Boolean(Scalar[bool]):
    """A boolean, also in words and as 1 or 0."""

    def parse(self, value: object) -> bool:
        """Return the boolean."""
        if value is None:
            raise invalid(errors.NULL)
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float | str):
            text = str(value)
            if value in {0, 1} or text in {"0", "1"}:
                return text.startswith("1")
            if text in _ON or text in _OFF:
                return text in _ON
        raise invalid(errors.BAD_BOOLEAN)

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "boolean"}


_FLAGS: Mapping[str, bool] = {"0": False, "false": False, "1": True, "true": True}


@dataclass(frozen=True, slots=True)
class Flag(Scalar[bool]):
    """A query parameter that is ``1`` or ``true``, ``0`` or ``false``, in any case.

    A blank one (``dryRun=``, from a variable of a script that is not set) may mean either, and is refused.
    """

    def parse(self, value: object) -> bool:
        """Return the boolean."""
        flag = _FLAGS.get(str(value).lower())
        if flag is None:
            raise PydanticCustomError(errors.BAD_FLAG, errors.BAD_BOOLEAN)
        return flag

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "string", "enum": list(_FLAGS)}
