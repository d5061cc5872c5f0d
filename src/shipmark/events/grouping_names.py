"""The parts of names that are stable across releases.

Bundlers put hashes into file names, compilers number their lambdas, messages contain ids. Grouping
compares the rest (ingest.md 9.2, 9.3). All texts are cut first and all repetitions are bounded,
so that no text makes a pattern slow.
"""

import re
from collections.abc import Callable
from functools import lru_cache, wraps

NAME_MAX = 256
TEXT_MAX = 8192
#: Frames repeat from event to event: this many names of each kind are remembered, of up to this many characters.
REMEMBERED_MAX = 4096
REMEMBERED_CHARACTERS_MAX = 512
#: The most levels of nested templates.
TEMPLATE_DEPTH_MAX = 8
_PLACE_END = re.compile(r"[?#]|\(\d+\) : ")
_SEPARATOR = re.compile(r"[/\\]")
_RELEASE_SPECIFIC = re.compile(
    r"""
    [-_.@] v? \d{1,9} (?: \. \d{1,9} ){1,4} (?= [-.] | $ )              # jquery-1.2.3.min.js
  | [-_.] (?= [0-9a-fA-F]* \d ) [0-9a-fA-F]{7,64} (?= [-.] | $ )        # main.3f2a1b9c.js
  | - (?= [\w-]{0,7} \d | [\w-]{1,7} [A-Z] ) [\w-]{8} (?= \. [a-z]+ $ ) # index-BkYx3_d1.js
    """,
    re.VERBOSE,
)
#: What stands for a hash that is a name, or all of it behind a dot.
HASH_MARK = "<hash>"
#: SvelteKit, Nuxt and others name their chunks so: ``DlAUqK2U.js``, ``3.C1x2y3Z4.js``, ``7f2a1b9.js``.
_CHUNK_HASH = re.compile(
    r"""
    (?: ^ | (?<= \. ) )
    (?:
        # base 64, and no word: d3charts.js and userList.js are none
        (?= [\w-]* [A-Z] ) (?= [\w-]* (?: \d [A-Za-z_-] | [A-Z]{2} | [A-Z] \. ) ) [\w-]{8}
        # hexadecimal digits
      | (?= \d* [a-f] ) (?= [a-f]* \d ) [0-9a-f]{7,64}
    )
    (?= (?: \. (?: bundle | chunk | min ) )? \. [cm]? js $ )
    """,
    re.VERBOSE,
)
_GENERATED_CLASS = re.compile(r"\$\$(?:Lambda|\w{0,64}(?:CGLIB|ByteBuddy)).*", re.DOTALL)

_ANONYMOUS = re.compile(
    r"""
    (?: .* [.:$/\ ] )?
    (?: <anonymous> | <lambda> | <unknown> | <redacted> | \[anonymous\] | anonymous | lambda | \? )
    | .* \{ (?: closure | lambda ) .*
    """,
    re.VERBOSE | re.DOTALL,
)
#: Compilers' additions to the names of functions: pattern and replacement.
_FUNCTION_RULES = (
    (re.compile(r"lambda\$(\w{1,200})\$\d+"), r"\1"),
    (re.compile(r"(?:rescue in |ensure in )?block (?:\(\d+ levels\) )?in "), ""),
    (re.compile(r"(?:\.func\d+)(?:\.\d+|\.func\d+)*$"), ""),
    (re.compile(r"::h[0-9a-f]{16}$"), ""),
    (re.compile(r"(?<=\w)\(.*", re.DOTALL), ""),
)
_TEMPLATE = re.compile(r"<[^<>]*>")

_PARAMETER = re.compile(
    r"""
    (?P<email> (?<![\w.+-]) [\w.+-]{1,64} @ [\w-]{1,63} (?: \. [\w-]{1,63} ){1,8} )
  | (?P<url> \b [a-z][a-z0-9+]{1,15} :// [^\s'"<>]{1,2048} )
  | (?P<uuid> \b [0-9a-f]{8} (?: - [0-9a-f]{4} ){3} - [0-9a-f]{12} \b )
  | (?P<date>
        \b \d{4} - \d\d - \d\d
        (?: [T ] \d\d : \d\d (?: : \d\d (?: \. \d{1,9} )? )? (?: Z | [+-] \d\d :? \d\d )? )?
      | \b \d\d : \d\d (?: : \d\d (?: \. \d{1,9} )? )?
    )
  | (?P<ip> \b \d{1,3} (?: \. \d{1,3} ){3} \b | \b (?: [0-9a-f]{1,4} : ){3,7} :? [0-9a-f]{1,4} \b )
  | (?P<hex> \b 0x [0-9a-f]{1,64} \b | \b (?= \d* [a-f] ) (?= [a-f]* \d ) [0-9a-f]{8,128} \b )
  | (?P<number> (?<! \w ) -? \d{1,64} (?: \. \d{1,64} )? )
  | (?P<quoted> (?<! \w ) ' [^'\n]{1,200} ' (?! \w ) | " [^"\n]{1,200} " )
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _remembered(read: Callable[[str], str]) -> Callable[[str], str]:
    """Return a function with a cache of the names that occurred last; long texts are no names, and not cached."""
    cached = lru_cache(REMEMBERED_MAX)(read)

    @wraps(read)
    def name(text: str) -> str:
        return cached(text) if len(text) <= REMEMBERED_CHARACTERS_MAX else read(text)

    return name


@_remembered
def file_name(path: str) -> str:
    """Return the last part of a path or URL, without query, hash and version; a hash alone is `HASH_MARK`."""
    return _CHUNK_HASH.sub(HASH_MARK, _without_version(path)).lower()


@_remembered
def file_name_with_chunk_hash(path: str) -> str:
    """Return `file_name` as it was in the first version of the rules: a hash alone stays."""
    return _without_version(path).lower()


def _without_version(path: str) -> str:
    name = _SEPARATOR.split(_PLACE_END.split(path)[0])[-1][:NAME_MAX]
    return _RELEASE_SPECIFIC.sub("", name)


@_remembered
def module_name(module: str) -> str:
    """Return the module without the bundler's hash and the numbers of generated classes."""
    return _RELEASE_SPECIFIC.sub("", _GENERATED_CLASS.sub("", module[:NAME_MAX]))


@_remembered
def function_name(function: str) -> str:
    """Return the function without the compiler's additions; "" for anonymous functions."""
    name = function[:NAME_MAX]
    if _ANONYMOUS.fullmatch(name):
        return ""
    name = name.replace("(anonymous namespace)", "anonymous")
    for pattern, stored in _FUNCTION_RULES:
        name = pattern.sub(stored, name)
    return name if name.startswith("<") else _without_template(name)


def _without_template(name: str) -> str:
    for _ in range(TEMPLATE_DEPTH_MAX):
        name = _TEMPLATE.sub("", name)
    return name


def parameterised(text: str) -> str:
    """Return the text with ids, numbers, addresses and quoted names replaced by their kind (ingest.md 9.2)."""
    return _PARAMETER.sub(lambda match: f"<{match.lastgroup}>", text[:TEXT_MAX])
