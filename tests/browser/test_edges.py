"""The edges of what can be pressed and filled in, which axe has no rule for: 3 to 1 in both schemes (WCAG 1.4.11)."""

import pytest
from browser.chromium import new_context, sign_in
from browser.conftest import FilledServer
from browser.pages import PAGES
from playwright.sync_api import Browser

#: Buttons and fields whose edge has less contrast with what is around them, by class and ratio.
_FAINT = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const bytesOf = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const around = (it) => {
    for (let up = it.parentElement; up; up = up.parentElement) {
      const bytes = bytesOf(getComputedStyle(up).backgroundColor);
      if (bytes[3] === 255) return bytes;
    }
    return bytesOf("Canvas");
  };
  const light = (bytes) => bytes.slice(0, 3).map((it) => it / 255)
    .map((it) => it <= 0.03928 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4)
    .reduce((sum, it, index) => sum + it * [0.2126, 0.7152, 0.0722][index], 0);
  const faint = [];
  for (const it of document.querySelectorAll(".btn:not(.plain, .primary), .in")) {
    if (!it.checkVisibility() || it.matches(":disabled, [aria-disabled]")) continue;
    const both = [bytesOf(getComputedStyle(it).borderTopColor), around(it)].map(light);
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    if (ratio < 3) faint.push(`${it.tagName} ${it.className} ${ratio.toFixed(2)}`);
  }
  return faint;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name", ["release", "release-without-files", "settings-repository", "issues"]
)
def test_edges_are_seen(chromium: Browser, filled: FilledServer, scheme: str, name: str) -> None:
    with new_context(chromium, filled.server, color_scheme=scheme) as context:
        page = context.new_page()
        sign_in(page)
        page.goto(PAGES[name].format_map(filled.places))
        assert page.evaluate(_FAINT) == []
