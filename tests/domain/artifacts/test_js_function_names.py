"""In which function is a place of a source? Each ``@`` is a place, the word behind it the function."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipmark.artifacts.js_function_names import SOURCE_MAX, scopes_of

NOWHERE = "-"

SOURCES = [
    "function top(a, {b} = {}) { if (a) { @top } } @-",
    "function () { @<anonymous> }",
    "const f = function () { @f };",
    "exports.go = function named() { @named }",
    "async function* gen() { @gen }",
    "items.map((x) => { @<anonymous> }); @-",
    "items.map(x => @<anonymous>); @-",
    "const g = x => x + @g\nconst h = @-",
    "const h = 1, k = () => { @k };",
    "const inner = async (q: string): Promise<Map<string, T>> => { @inner };",
    "const f: (a: number) => void = (a) => { @f };",
    "const C: FC<P> = ({ a }) => { @C };",
    "const memo = use(async () => { @<anonymous> }, []); @-",
    "this.save = () => { try { @save } catch (e) { @save } finally { @save } };",
    "class A { m() { @A.m } static async n<T extends B>(t: T): Promise<C> { @A.n } @- }",
    "class A extends B<T> { constructor(x) { super(x); @new A } }",
    "class A { p = (x) => x.y * @A.p; q: H = (e) => { @A.q }; }",
    "class A { get n() { for (const a of b) { @A.n } } #p() { @A.#p } }",
    "class A<K extends { a: B }, V> extends c(D)<K, V> implements E, F { m() { @A.m } }",
    "class { m() { @m } }",
    "const A = class { m() { @A.m } }",
    "const o = { m() { @m }, k: function () { @k }, a: () => @a, 'q': async x => { @q } };",
    "const s = `a ${b => { @<anonymous> }} }{ ` + @-",
    "function f() { const s = `}${ `}` }`; @f }",
    "function f() { const r = /[/}]}\\}/.test(q), d = a / b / c; @f }",
    "function f() { // }\n /* } */ return '}' + \"}\" + @f }",
    "const Comp = () => <div a={() => @<anonymous>}>Don't {@Comp} <b c={1} /> {@Comp}</div>;",
    "switch (a) { case f(x): { @- } }",
    "const z = a ? f(x) : { q: @- };",
    "do { @- } while (x)",
    "if (a) { @- } else { @- }",
    "for await (const a of b) { @- }",
    "new Foo(a)\n{ @- }",
    "} } ) ] @- function f() { @f }",
    "(function (e) { @<anonymous> })()",
    "x.then(function ok(r) { @ok }, function (e) { @<anonymous> })",
]


@pytest.mark.parametrize("source", SOURCES)
def test_the_innermost_function_is_named(source: str) -> None:
    places = [(place.start(), place[1]) for place in re.finditer(r"@(new \w+|[\w.#<>]+|-)", source)]
    plain = re.sub(r"@(new \w+|[\w.#<>]+|-)", lambda place: "$" * len(place[0]), source)
    scopes = scopes_of(plain)
    assert [scopes.at(at) or NOWHERE for at, _ in places] == [name for _, name in places]


@pytest.mark.parametrize(
    "odd",
    [
        "(",
        "{",
        "`${",
        "=>",
        "a=>",
        "/*",
        '"',
        "/[",
        "<",
        "\\",
        "`",
        "f(){",
        '"\\',
        "x:(a)=>",
        "=/a",
    ],
)
def test_what_never_ends_does(odd: str) -> None:
    """Hundreds of thousands of open brackets: no recursion, and no time that grows with their square."""
    scopes_of((odd * SOURCE_MAX)[:SOURCE_MAX]).at(SOURCE_MAX - 1)


def test_a_source_that_is_too_long_names_nothing() -> None:
    source = "function f() {" + " " * SOURCE_MAX
    assert scopes_of(source).at(20) is None


@given(st.text("(){}[]=>:;,`${}/*'\"\\ \nabfunction<.@", max_size=80), st.integers(-5, 100))
def test_any_text_is_read(source: str, at: int) -> None:
    name = scopes_of(source).at(at)
    assert name is None or name
