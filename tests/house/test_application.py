"""The application is written in the newest style of its framework: nothing of it is deprecated."""

from shipmark.app import assemble
from shipmark.ground.database import Database
from shipmark.ground.settings import Settings


def test_putting_it_together_warns_of_nothing() -> None:
    assemble(Settings(), Database("sqlite:///never-opened.db"))
