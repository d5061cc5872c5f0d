"""The application is written in the newest style of its framework: nothing of it is deprecated."""

from shipmark.app import assemble
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings


def test_putting_it_together_warns_of_nothing() -> None:
    assemble(Settings(), Database("sqlite:///never-opened.db"))
