"""What holds for every page in a browser: accessible in both schemes, nothing moves, nothing overflows, no errors."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import servers
from browser.chromium import sign_in
from browser.pages import ACME, PAGES, REFUSED
from browser.servers import Server
from playwright.sync_api import Browser, Page

_axe = Axe()
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
AWKWARD = {
    "releases": f"{ACME}/releases/",
    "release": f"{ACME}/releases/web%401.0.0/",
    "timeline": f"{ACME}/timeline/",
    "issues": f"{ACME}/issues/",
    "issue": f"{ACME}/issues/WEB-1/",
    "compare": f"{ACME}/releases/web%401.0.0/compare/",
    "projects": f"{ACME}/settings/projects/",
    "new-release": f"{ACME}/new-release/",
    "search": f"{ACME}/search/?query=web",
}


@dataclass
class Opened:
    """A signed-in page, and what the browser said about it."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def visit(self, path: str) -> None:
        self.complaints.clear()
        self.page.set_viewport_size({"width": 1360, "height": 900})
        self.page.emulate_media(color_scheme="light")
        self.page.goto(path, wait_until="load")

    def violations(self) -> list[str]:
        found = _axe.run(self.page).response["violations"]
        return [
            f"{it['id']}: {node['target']}"
            for it in found
            if it["impact"] in ("serious", "critical")
            for node in it["nodes"]
        ]


def _opened(chromium: Browser, server: Server) -> Iterator[Opened]:
    context = chromium.new_context(base_url=server.address, reduced_motion="reduce")
    context.add_init_script(_SHIFTS)
    opened = Opened(context.new_page())
    opened.page.on(
        "console", lambda it: (it.type == "error" and opened.complaints.append(it.text)) or None
    )
    opened.page.on("pageerror", lambda it: opened.complaints.append(str(it)))
    sign_in(opened.page)
    yield opened
    context.close()


@pytest.fixture(scope="module")
def filled(chromium: Browser, server: Server) -> Iterator[Opened]:
    servers.fill(server)
    yield from _opened(chromium, server)


@pytest.fixture(scope="module")
def awkward(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with servers.empty_server(tmp_path_factory.mktemp("awkward")) as server:
        servers.fill_with_awkward_names(server)
        yield from _opened(chromium, server)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(filled, name):
    filled.visit(PAGES[name])
    page = filled.page
    assert page.evaluate("window.shifts") <= 0.05
    assert name in REFUSED or filled.complaints == []
    assert filled.violations() == []
    page.emulate_media(color_scheme="dark")
    assert filled.violations() == []
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(_OVERFLOW) == [], width


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names_break_no_page(awkward, name):
    awkward.visit(AWKWARD[name])
    for width in (1360, 768, 390, 320):
        awkward.page.set_viewport_size({"width": width, "height": 800})
        assert awkward.page.evaluate(_OVERFLOW) == [], width
    assert awkward.complaints == []
