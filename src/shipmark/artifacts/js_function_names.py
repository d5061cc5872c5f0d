"""The functions of a JavaScript or TypeScript source, by position.

Source maps have the position of code, but not the name of the function around it. This parses the original source:
brackets, strings, templates and comments are distinguished exactly, the meaning of a bracket by the words before
it. There is no grammar, and no recursion: a malicious file takes time in proportion to its length, and an unusual
one has no names, or wrong ones.
"""

import re
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

#: Longer files are not parsed: they are bundles themselves.
SOURCE_MAX = 192 * 2**10
TOKENS_MAX = 50_000
ANONYMOUS = "<anonymous>"
_NAME_MAX = 200

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)
    |(?P<word>[\w$\#@]+)
    |(?P<text>"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+')
    |(?P<mark>=>|[=!]==?|[<>]=|&&|\|\||\?\?|\?\.|\.\.\.|\+\+|--|.)""",
    re.VERBOSE | re.DOTALL,
)
#: ``/>`` is the end of an element, not the start of a regular expression.
_REGULAR_EXPRESSION = re.compile(r"/(?!>)(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
#: The most characters of a regular expression, and the most failed attempts, as unclosed ones take time.
_REGULAR_EXPRESSION_MAX = 1000
_UNENDED_MAX = 100
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*+(`|\$\{|\Z)", re.DOTALL)
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
#: A slash after one of these begins a regular expression, otherwise it is a division.
_BEFORE_EXPRESSION = frozenset("(,=:[!&|?{};+-*%~^") | {
    "=>", "==", "===", "!=", "!==", "&&", "||", "??", "...", "return", "typeof", "case", "in", "of",
    "delete", "void", "throw", "new", "do", "else", "yield", "await", "",
}  # fmt: skip
_BLOCKS = frozenset({"if", "for", "while", "switch", "catch", "with", "await", "else", "return"})
_DECLARES = frozenset({"const", "let", "var"})
_STATEMENTS = _DECLARES | {"export", "import", "function", "class", "return", "if", "for", "throw"}
#: A brace after one of these, in the head of a class, begins a type.
_BEFORE_TYPE = frozenset({"extends", "<", ",", "|", "&", ":", "="})
_WORD = re.compile(r"[A-Za-z_$#][\w$]*")


@dataclass(slots=True)
class _Open:
    """An open bracket, or the body of an arrow function without one (``closes`` is "")."""

    closes: str
    #: The tokens before the bracket, the nearest last.
    before: tuple[str, ...] = ()
    #: The name of a function that follows, and the name before a type.
    name: str = ""
    declared: str = ""
    is_variable: bool = False
    function: int = -1
    class_name: str = ""
    is_template: bool = False
    #: The tokens before the last closed parenthesis, and the name of a function with these parameters.
    parameters: tuple[str, ...] | None = None
    is_typed: bool = False
    angles: int = 0
    pending_class: str | None = None


@dataclass(slots=True)
class _Function:
    name: str
    start: int
    end: int
    around: int


@dataclass(slots=True)
class FunctionScopes:
    """The functions of a source, by the positions of their bodies."""

    _functions: list[_Function] = field(default_factory=list)

    def at(self, position: int) -> str | None:
        """Return the name of the innermost function around a position, or None."""
        number = bisect_right(self._functions, position, key=lambda function: function.start) - 1
        while number >= 0 and self._functions[number].end <= position:
            number = self._functions[number].around
        return self._functions[number].name if number >= 0 else None

    def begin(self, name: str, start: int, around: int) -> int:
        """Begin a function's body. Return its number."""
        function = _Function(name=name[:_NAME_MAX], start=start, end=2**62, around=around)
        self._functions.append(function)
        return len(self._functions) - 1

    def end(self, function: int, end: int) -> None:
        """End a function's body."""
        self._functions[function].end = end


def scopes_of(source: str) -> FunctionScopes:
    """Return the functions of a source, none if it is too long."""
    reader = _Reader(source)
    if len(source) <= SOURCE_MAX:
        reader.read()
    return reader.scopes


class _Reader:
    """A single pass through a source, with a stack of open brackets."""

    def __init__(self, source: str) -> None:
        self.scopes = FunctionScopes()
        self._source = source
        self._open = [_Open(closes="}")]
        self._recent: deque[str] = deque([""] * 12, maxlen=12)
        self._unended = 0

    def read(self) -> None:
        """Read all tokens up to a limit; later ones are in no function."""
        position = tokens = 0
        while position < len(self._source) and tokens < TOKENS_MAX and self._unended < _UNENDED_MAX:
            token = _TOKEN.match(self._source, position)
            assert token, "any character is a mark"
            position = token.end()
            if token.lastgroup != "space":
                tokens += 1
                position = self._token(token[0], token.start(), position)

    def _token(self, mark: str, start: int, end: int) -> int:
        """Read one token. Return the position of the next, as the meaning of a slash depends on the token before."""
        if mark == "`":
            mark, end = '""', self._template(end)
        elif mark == "}" and self._is_end_of_expression(start):
            self._close_top(start)
            mark, end = '""', self._template(end)
        elif mark == "/" and self._recent[-1] in _BEFORE_EXPRESSION:
            mark, end = self._regular_expression(start)
        else:
            self._unended += mark in {'"', "'"}
        self._take(mark, start)
        self._recent.append(mark)
        return end

    def _is_end_of_expression(self, start: int) -> bool:
        """Return True if a closing brace ends an expression of a template."""
        while not self._open[-1].closes:
            self._close_top(start)
        return self._open[-1].is_template

    def _regular_expression(self, start: int) -> tuple[str, int]:
        """Skip a regular expression, whose brackets don't count."""
        end = start + _REGULAR_EXPRESSION_MAX
        expression = _REGULAR_EXPRESSION.match(self._source, start, end)
        self._unended += expression is None
        return ("0", expression.end()) if expression else ("/", start + 1)

    def _template(self, position: int) -> int:
        """Skip the text of a template up to its end or its next expression."""
        text = _TEMPLATE.match(self._source, position)
        if text is None:
            return len(self._source)
        if text[1] == "${":
            self._open.append(_Open(closes="}", is_template=True, function=self._open[-1].function))
        return text.end()

    def _take(self, mark: str, start: int) -> None:
        current = self._open[-1]
        if mark in _OPENING:
            self._begin(mark, start)
        elif mark in _CLOSING:
            self._end(mark, start)
        elif mark == "=>":
            self._arrow(start)
        elif mark in "<>" and current.is_typed:
            current.angles += 1 if mark == "<" else -1
        elif mark in ",;":
            self._separator(mark, start)
        elif mark == "=":
            current.name = current.declared or self._last_word()
            current.parameters = None
        elif mark == ":":
            self._colon(current)
        elif _WORD.match(mark):
            self._word(mark, start)
        elif current.parameters is not None and not current.is_typed:
            current.parameters = None

    def _separator(self, mark: str, start: int) -> None:
        """End an expression, unless the comma is in a type or in the head of a class."""
        current = self._open[-1]
        is_in_type = current.is_typed and current.angles > 0
        if mark == ";" or not (is_in_type or current.pending_class is not None):
            self._end_expression(start)

    def _word(self, word: str, start: int) -> None:
        current = self._open[-1]
        is_on_new_line = "\n" in self._source[max(0, start - 40) : start]
        if not current.closes and word in _STATEMENTS and is_on_new_line:
            self._end_expression(start)
            current = self._open[-1]
        if self._recent[-1] in _DECLARES:
            current.declared, current.is_variable = word, True
        if word == "class" and self._recent[-1] != ".":
            current.pending_class = current.name
        elif self._recent[-1] == "class" and word != "extends":
            current.pending_class = word
        if not current.is_typed:
            current.parameters = None

    def _colon(self, current: _Open) -> None:
        """Handle the colon of a return type, an object's key, or a property's type."""
        if current.parameters is not None:
            current.is_typed, current.angles = True, 0
            return
        current.name = self._last_word()
        if not current.declared:
            current.declared = "" if current.closes == ")" else current.name

    def _last_word(self) -> str:
        last = self._recent[-1]
        if last[:1] in "\"'" and len(last) > 2:
            return last[1:-1]
        return last if _WORD.fullmatch(last) else ""

    def _end_expression(self, start: int) -> None:
        """End the arrow functions without brackets at the end of an expression, and reset names."""
        while not self._open[-1].closes:
            self._close_top(start)
        current = self._open[-1]
        current.name = current.declared = ""
        current.parameters = None
        current.is_typed = current.is_variable = False
        current.pending_class = None

    def _close_top(self, end: int) -> _Open:
        closed = self._open.pop()
        around = self._open[-1].function if self._open else -1
        if closed.function >= 0 and closed.function != around:
            self.scopes.end(closed.function, end)
        return closed

    def _begin(self, mark: str, start: int) -> None:
        current = self._open[-1]
        opened = _Open(closes=_OPENING[mark], before=tuple(self._recent), function=current.function)
        if mark == "{":
            self._begin_body(current, opened, start)
        self._open.append(opened)

    def _begin_body(self, current: _Open, opened: _Open, start: int) -> None:
        """Begin the body of a class or function, or another block."""
        name: str | None = None
        if current.pending_class is not None:
            if self._recent[-1] in _BEFORE_TYPE:
                return
            opened.class_name, current.pending_class = current.pending_class, None
        elif self._recent[-1] == "=>":
            name = self._function_name_of_arrow(current)
        elif current.parameters is not None and not (current.is_typed and self._recent[-1] == ":"):
            name = self._function_name(current, current.parameters)
        current.parameters, current.is_typed = None, False
        if name is not None:
            opened.function = self.scopes.begin(name, start, current.function)

    def _function_name(self, current: _Open, before: tuple[str, ...]) -> str | None:
        """Return the name of the function with these words before its parameters, or None if it is not a function."""
        words = _without_type_parameters(before)
        last = words[-1] if words else ""
        if last in _BLOCKS:
            return None
        if last in {"function", "*"}:
            return current.name or ANONYMOUS
        if not _WORD.fullmatch(last):
            return ANONYMOUS if last == "]" or last[:1] in "\"'" else None
        if len(words) > 1 and words[-2] in {".", "?.", "new"}:
            return None
        return self._qualified(last, current)

    @staticmethod
    def _qualified(name: str, current: _Open) -> str:
        """Return the name of a method with its class, as engines report it."""
        if not current.class_name:
            return name
        if name == "constructor":
            return f"new {current.class_name}"
        return f"{current.class_name}.{name}"

    def _arrow(self, start: int) -> None:
        """Begin the body of an arrow function, unless a brace will."""
        current = self._open[-1]
        if self._is_type(current):
            current.parameters = None
            return
        current.is_typed = False
        following = _TOKEN.match(self._source, start + 2)
        while following and following.lastgroup == "space":
            following = _TOKEN.match(self._source, following.end())
        if following and following[0] == "{":
            return
        name = self._function_name_of_arrow(current)
        function = self.scopes.begin(name, start, current.function)
        self._open.append(_Open(closes="", function=function))

    @staticmethod
    def _is_type(current: _Open) -> bool:
        """Return True if an arrow is in the type of a variable or a property: ``const f: (a: A) => B = …``."""
        is_after_colon = bool(current.parameters) and (current.parameters or ("",))[-1] == ":"
        return is_after_colon and (current.is_variable or bool(current.class_name))

    @staticmethod
    def _function_name_of_arrow(current: _Open) -> str:
        """Return the name of the variable or property that an arrow function is assigned to."""
        current.parameters = None
        if not current.name:
            return ANONYMOUS
        return f"{current.class_name}.{current.name}" if current.class_name else current.name

    def _end(self, mark: str, start: int) -> None:
        while not self._open[-1].closes:
            self._close_top(start)
        if len(self._open) == 1 or self._open[-1].closes != mark:
            return
        closed = self._close_top(start)
        current = self._open[-1]
        if mark == ")":
            current.parameters, current.is_typed = closed.before, False
        elif mark == "}" and current.closes == "}" and not current.class_name:
            current.declared = "" if closed.function != current.function else current.declared


def _without_type_parameters(before: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tokens without ``<T extends X>`` between a name and its parameters."""
    if not before or before[-1] != ">":
        return before
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        depth += (before[at] == ">") - (before[at] == "<")
        if depth == 0:
            return before[:at]
    return ()
