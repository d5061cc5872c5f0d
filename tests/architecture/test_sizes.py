"""The bars of the house: sizes, docstrings, names, imports."""

import ast
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "shipmark"
MODULES = sorted(
    path
    for path in SOURCE.rglob("*.py")
    if not path.is_relative_to(SOURCE / "infrastructure/migrations/versions")
)
NAMES = [str(path.relative_to(SOURCE)) for path in MODULES]

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
VAGUE = {"utils", "util", "helpers", "common", "core", "base", "manager", "misc"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(name: str) -> ast.Module:
    return ast.parse((SOURCE / name).read_text())


def functions(name: str) -> Iterator[Function]:
    for node in ast.walk(tree(name)):
        if isinstance(node, Function):
            yield node


@cache
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


def sizes() -> Iterator[tuple[str, str, int]]:
    """Module, name and lines of each function, without its docstring."""
    for name in NAMES:
        lines = code_lines(name)
        for function in functions(name):
            own = set(range(function.lineno, (function.end_lineno or 0) + 1))
            yield name, function.name, len(own & lines - docstring_lines(function))


def test_no_function_is_longer_than_a_screen() -> None:
    assert [it for it in sizes() if it[2] > FUNCTION_LINES_MAX] == []


def test_nearly_all_functions_are_short() -> None:
    found = [size for _, _, size in sizes()]
    assert sum(size < 25 for size in found) / len(found) >= 0.9


def test_no_file_is_too_long() -> None:
    lengths = {name: len((SOURCE / name).read_text().splitlines()) for name in NAMES}
    assert {name: many for name, many in lengths.items() if many > FILE_LINES_MAX} == {}


def test_every_module_and_public_thing_has_a_docstring() -> None:
    bare = [name for name in NAMES if not ast.get_docstring(tree(name))]
    bare += [
        f"{name}: {node.name}"
        for name in NAMES
        for node in tree(name).body
        if isinstance(node, ast.ClassDef | Function)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert bare == []


def test_no_module_has_a_vague_name() -> None:
    assert [name for name in NAMES if VAGUE & set(Path(name).with_suffix("").parts)] == []


def test_nothing_is_imported_inside_a_function() -> None:
    inside = [
        f"{name}: {function.name}"
        for name in NAMES
        for function in functions(name)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_no_cache_holds_a_connection() -> None:
    """A result would be that of another transaction, and the connection would stay in memory."""
    holding = [
        f"{name}: {function.name}"
        for name in NAMES
        for function in functions(name)
        if any("cache" in ast.unparse(each) for each in function.decorator_list)
        and any("Connection" in ast.unparse(each) for each in function.args.args)
    ]
    assert holding == []
