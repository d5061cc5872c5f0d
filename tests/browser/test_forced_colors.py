"""What remains where a system replaces all colours, as the high contrast of Windows does."""

import pytest
from browser.chromium import new_context, sign_in
from browser.pages import ACME

#: The elements of these that look like what they stand on.
_LOST = """
(selector) => [...document.querySelectorAll(selector)].filter((it) => {
  const own = getComputedStyle(it), seen = own.backgroundColor, edge = parseFloat(own.borderTopWidth);
  return !edge && [getComputedStyle(document.body).backgroundColor, "rgba(0, 0, 0, 0)"].includes(seen);
}).map((it) => `${it.tagName}.${it.className} ${it.textContent.trim()}`)
"""
#: What a system makes of the line that failed, of its number, and of a page.
_COLOURS = """
() => {
  const line = document.querySelector(".source mark");
  const { color, backgroundColor, forcedColorAdjust } = getComputedStyle(line);
  return [color, getComputedStyle(line, "::before").color, backgroundColor, forcedColorAdjust];
}
"""


@pytest.fixture(params=["light", "dark"])
def contrasting(request, chromium, filled):
    """A page in colours of the system."""
    with new_context(
        chromium, filled.server, forced_colors="active", color_scheme=request.param
    ) as context:
        page = context.new_page()
        sign_in(page)
        yield page


def test_the_line_that_failed_is_read(contrasting):
    contrasting.goto(f"{ACME}/issues/WEB-1/")
    text, number, background, adjusted = contrasting.evaluate(_COLOURS)
    assert text == number != background
    assert adjusted == "none"  # else its text would lie on a patch of another colour


@pytest.mark.parametrize(
    ("path", "selector"),
    [
        ("issues/WEB-1/", ".level, .key i, .seg [aria-current]"),
        ("delivery/", ".key i:not(.past), .seg [aria-current]"),
        ("timeline/", ".key i, .seg [aria-current]"),
        ("releases/", "tbody .env"),
    ],
)
def test_what_only_a_colour_tells_is_seen(contrasting, path, selector):
    contrasting.goto(f"{ACME}/{path}")
    assert contrasting.locator(selector).count()
    assert contrasting.evaluate(_LOST, selector) == []
