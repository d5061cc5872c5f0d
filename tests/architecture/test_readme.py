"""The README says what works: its commands exist, and its tour is the one that a first start prints."""

import re
import shlex
from pathlib import Path

import click
import pytest

from shipmark.cli.main import shipmark
from shipmark.cli.serve import NEEDS, tour

README = (Path(__file__).parents[2] / "README.md").read_text("utf8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    lines = "\n".join([*blocks("sh"), *blocks("ini")]).splitlines()
    return [line[line.index("/shipmark ") + 10 :] for line in lines if "bin/shipmark " in line]


def test_the_tour_is_that_of_a_first_start() -> None:
    steps = tour(
        address="http://127.0.0.1:8000",
        organization="acme",
        project="web",
        dsn="DSN",
        token="TOKEN",
    )
    assert steps + "\n" in blocks("sh")
    assert NEEDS.partition(": ")[2] in README


@pytest.mark.parametrize("command", commands())
def test_a_command_is_one_with_these_options(command: str) -> None:
    found: click.Command | None = shipmark
    words = shlex.split(command)
    while isinstance(found, click.Group):
        found = found.get_command(click.Context(found), words.pop(0))
    assert found is not None
    found.make_context("shipmark", words)


def test_there_are_commands_in_it() -> None:
    assert {command.split()[0] for command in commands()} == {"serve", "bootstrap", "check"}
