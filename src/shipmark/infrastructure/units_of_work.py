"""The kinds of unit of work; the docstring of `Database` tells what each promises."""

from enum import StrEnum

#: The execution option that names the kind of unit of work.
UNIT = "shipmark_unit"


class Unit(StrEnum):
    """A kind of unit of work."""

    TRANSACTION = "transaction"
    SNAPSHOT = "snapshot"
    AUTOCOMMIT_READ = "autocommit_read"
