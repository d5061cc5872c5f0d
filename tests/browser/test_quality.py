"""What holds for every page in a browser: accessible in both schemes, nothing moves, nothing overflows, no errors."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from browser.chromium import new_context, sign_in
from browser.conftest import FilledServer
from browser.filling import MEMBER, NEWCOMER, Places
from browser.pages import AWKWARD_PAGES, OTHERS_PAGES, PAGES, REFUSED
from browser.servers import EMAIL
from fuzzing import some_in_each_run
from playwright.sync_api import Browser, Page

#: Set in each page before its own scripts run.
_SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
#: The elements that reach out of the window, by tag and class, but for those within a box that scrolls.
_OVERFLOW = """
() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
  [...document.querySelectorAll("body *")].filter((it) => it.getBoundingClientRect().right > innerWidth + 1)
    .map((it) => `${it.tagName}.${it.className}`).slice(0, 5)
"""
#: What menus open, by the text of their button, that reaches out of the window at the left or the right.
_MENUS = """
() => [...document.querySelectorAll("details.menu")].filter((it) => it.checkVisibility() && !it.open).flatMap((it) => {
  it.open = true;
  const { left, right } = it.querySelector(":scope > :not(summary)").getBoundingClientRect();
  it.open = false;
  const name = it.querySelector("summary").getAttribute("aria-label") ?? it.querySelector("summary").innerText;
  return left < 0 || right > innerWidth ? [`${name}: ${left} to ${right}`] : [];
})
"""

#: The rules about colours: all that another scheme can change.
_COLOUR_RULES = ("color-contrast", "link-in-text-block")
_COLOURS: dict[str, object] = {"runOnly": _COLOUR_RULES}
_ALL_BUT_COLOURS: dict[str, object] = {
    "rules": {name: {"enabled": False} for name in _COLOUR_RULES}
}
#: Marks one of those elements with text that look alike, they and all that they are in: what is said about its colours
#: is true of all, and asking about each takes as long as all other rules.
_MARK_UNLIKE = """
() => {
  const seen = new Set();
  for (const it of document.body.querySelectorAll("*")) {
    const texts = [...it.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!(texts.length || it.matches("input, select, textarea")) || !it.checkVisibility()) continue;
    const looks = [];
    for (let up = it; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      looks.push(up.tagName, style.color, style.backgroundColor, style.backgroundImage, style.opacity);
      looks.push(style.fontSize, style.fontWeight, style.textDecoration, style.position, style.clipPath);
    }
    const key = looks.join();
    if (!seen.has(key)) it.dataset.unlike = "";
    seen.add(key);
  }
}
"""


@dataclass
class Opened:
    """A person's page, the ids that its addresses have, and what the browser said about it."""

    page: Page
    places: Places
    complaints: list[str] = field(default_factory=list)

    def load(self, path: str) -> None:
        self.complaints.clear()
        self.page.set_viewport_size({"width": 1360, "height": 900})
        self.page.emulate_media(color_scheme="light")
        self.page.goto(path.format_map(self.places), wait_until="load")

    def violations(self) -> list[str]:
        """Return what breaks a rule."""
        self.page.evaluate(AXE_SCRIPT)
        return self._violations(None, _ALL_BUT_COLOURS) + self.unreadable()

    def unreadable(self) -> list[str]:
        """Return what has colours that break a rule."""
        self.page.evaluate(_MARK_UNLIKE)
        return self._violations("[data-unlike]", _COLOURS)

    def _violations(self, within: str | None, rules: dict[str, object]) -> list[str]:
        # All that keeps the rules is not listed. What is loaded again is for rules about sound and orientation, and no
        # page has a sound or a rule for one orientation.
        options = {"resultTypes": ["violations"], "preload": False} | rules
        run = "([it, how]) => axe.run(it ?? document, how).then((said) => said.violations)"
        found = self.page.evaluate(run, [within, options])
        return [
            f"{it['id']}: {node['target']}"
            for it in found
            if it["impact"] in ("serious", "critical")
            for node in it["nodes"]
        ]


def _opened(chromium: Browser, filled: FilledServer, email: str | None = EMAIL) -> Iterator[Opened]:
    context = new_context(chromium, filled.server, reduced_motion="reduce")
    context.add_init_script(_SHIFTS)
    opened = Opened(context.new_page(), filled.places)
    opened.page.on(
        "console", lambda it: (it.type == "error" and opened.complaints.append(it.text)) or None
    )
    opened.page.on("pageerror", lambda it: opened.complaints.append(str(it)))
    if email:
        sign_in(opened.page, email)
    yield opened
    context.close()


@pytest.fixture(scope="module")
def owner(chromium: Browser, filled: FilledServer) -> Iterator[Opened]:
    yield from _opened(chromium, filled)


@pytest.fixture(scope="module", params=OTHERS_PAGES)
def other(
    request: pytest.FixtureRequest, chromium: Browser, filled: FilledServer
) -> Iterator[tuple[Opened, dict[str, str]]]:
    email = {"member": MEMBER, "newcomer": NEWCOMER}.get(request.param)
    for opened in _opened(chromium, filled, email):
        yield opened, OTHERS_PAGES[request.param]


@pytest.fixture(scope="module")
def awkward(chromium: Browser, filled_awkwardly: FilledServer) -> Iterator[Opened]:
    yield from _opened(chromium, filled_awkwardly)


def _require_sound(opened: Opened, name: str, path: str) -> None:
    opened.load(path)
    page = opened.page
    assert page.evaluate("window.shifts") <= 0.05
    assert name in REFUSED or opened.complaints == []
    assert opened.violations() == []
    page.emulate_media(color_scheme="dark")
    assert opened.unreadable() == []
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(_OVERFLOW) == [], width
        assert page.evaluate(_MENUS) == [], width


@pytest.mark.parametrize("name", some_in_each_run(PAGES))
def test_a_page_is_sound(owner, name):
    _require_sound(owner, name, PAGES[name])


def test_the_pages_of_others_are_sound(other):
    opened, pages = other
    for name, path in pages.items():
        _require_sound(opened, name, path)


@pytest.mark.parametrize("name", some_in_each_run(AWKWARD_PAGES))
def test_awkward_names_break_no_page(awkward, name):
    awkward.load(AWKWARD_PAGES[name])
    for width in (1360, 1150, 1024, 980, 768, 390, 320):
        awkward.page.set_viewport_size({"width": width, "height": 800})
        assert awkward.page.evaluate(_OVERFLOW) == [], width
    assert awkward.complaints == []


#: What readers may set (WCAG 2.2, 1.4.12).
_TEXT_SPACING = "* { letter-spacing: .12em !important; word-spacing: .16em !important; line-height: 1.5 !important; }"
_SPACE = """
(css) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}
"""


def test_the_list_of_releases_has_place_for_spaced_text(owner):
    owner.load(PAGES["releases"])
    owner.page.evaluate(_SPACE, _TEXT_SPACING)
    for width in range(720, 1620, 30):
        owner.page.set_viewport_size({"width": width, "height": 800})
        assert owner.page.evaluate(_OVERFLOW) == [], width
