"""The bars of the house: sizes, docstrings, names, imports."""

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "shipmark"
MODULES = sorted(
    path
    for path in SOURCE.rglob("*.py")
    if not path.is_relative_to(SOURCE / "ground/migrations/versions")
)
NAMES = [str(path.relative_to(SOURCE)) for path in MODULES]

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
VAGUE = {"utils", "util", "helpers", "common", "core", "base", "manager", "misc"}
Function = ast.FunctionDef | ast.AsyncFunctionDef

every_module = pytest.mark.parametrize("name", NAMES)


@cache
def tree(name: str) -> ast.Module:
    return ast.parse((SOURCE / name).read_text())


def functions(name: str) -> Iterator[Function]:
    for node in ast.walk(tree(name)):
        if isinstance(node, Function):
            yield node


def code_lines(name: str) -> set[int]:
    """The lines that hold more than a comment or nothing."""
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    quiet |= {tokenize.ENCODING, tokenize.ENDMARKER}
    text = (SOURCE / name).read_text()
    return {
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in quiet
        for line in range(token.start[0], token.end[0] + 1)
    }


def docstring_lines(function: Function) -> set[int]:
    first = function.body[0]
    if ast.get_docstring(function) is None:
        return set()
    return set(range(first.lineno, (first.end_lineno or first.lineno) + 1))


@every_module
def test_no_function_is_longer_than_a_screen(name: str) -> None:
    lines = code_lines(name)
    for function in functions(name):
        own = set(range(function.lineno, (function.end_lineno or 0) + 1))
        size = len(own & lines - docstring_lines(function))
        assert size <= FUNCTION_LINES_MAX, f"{name}: {function.name} has {size} lines"


def test_nearly_all_functions_are_short() -> None:
    sizes = []
    for name in NAMES:
        lines = code_lines(name)
        for function in functions(name):
            own = set(range(function.lineno, (function.end_lineno or 0) + 1))
            sizes.append(len(own & lines - docstring_lines(function)))
    short = sum(size < 25 for size in sizes)
    assert short / len(sizes) >= 0.9


@every_module
def test_no_file_is_too_long(name: str) -> None:
    assert len((SOURCE / name).read_text().splitlines()) <= FILE_LINES_MAX


@every_module
def test_every_module_and_public_thing_has_a_docstring(name: str) -> None:
    module = tree(name)
    assert ast.get_docstring(module), f"{name} has no docstring"
    for node in module.body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{name}: {node.name} has no docstring"


@every_module
def test_no_module_has_a_vague_name(name: str) -> None:
    assert not VAGUE & set(Path(name).with_suffix("").parts)


@every_module
def test_nothing_is_imported_inside_a_function(name: str) -> None:
    for function in functions(name):
        for node in ast.walk(function):
            assert not isinstance(node, ast.Import | ast.ImportFrom), f"{name}: {function.name}"
