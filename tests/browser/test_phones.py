"""What phones of 360 and 390 pixels have place for."""

import pytest
from browser.chromium import new_context, sign_in
from browser.pages import ACME, AWKWARD_PAGES

#: The rows that the buttons of a page's head stand in, by the middle of each.
_ROWS = """
() => [...new Set([...document.querySelectorAll(".head .actions .btn")].filter((it) => it.checkVisibility())
  .map((it) => it.getBoundingClientRect()).map((it) => Math.round(it.top + it.height / 2)))].length
"""
#: Texts that their own box cuts, or that reach out of it.
_CUT = """
(selector) => [...document.querySelectorAll(selector)].filter((it) => it.scrollWidth > it.clientWidth)
  .map((it) => it.textContent.trim())
"""


#: The focused element, if it is covered: by the sections at the bottom, or as it is only there to be read out.
_COVERED = """
() => {
  const it = document.activeElement;
  const { left, top, width, height } = it.getBoundingClientRect();
  const seen = document.elementFromPoint(left + width / 2, top + height / 2);
  const isSeen = it === document.body || (seen && (it.contains(seen) || seen.contains(it)));
  return isSeen ? "" : `${it.tagName} ${it.getAttribute("aria-label") ?? it.textContent.trim()}`;
}
"""
_TABS_MAX = 80


@pytest.fixture(params=[390, 360])
def phone(request, chromium, filled):
    """Opens pages of the filled server on a phone."""
    with new_context(
        chromium, filled.server, viewport={"width": request.param, "height": 800}
    ) as context:
        page = context.new_page()
        sign_in(page)
        yield page


@pytest.fixture
def awkward_phone(chromium, filled_awkwardly):
    """Opens pages with names that are hard to show on a phone."""
    with new_context(
        chromium, filled_awkwardly.server, viewport={"width": 390, "height": 800}
    ) as context:
        page = context.new_page()
        sign_in(page)
        yield page


def test_all_that_changes_an_issue_stands_in_one_row(phone):
    phone.goto(f"{ACME}/issues/WEB-1/")
    assert phone.evaluate(_ROWS) == 1
    phone.get_by_label("More actions").click()
    assert phone.get_by_role("button", name="Bookmark").is_visible()


def test_the_verdicts_of_two_releases_do_not_cover_each_other(phone):
    phone.goto(f"{ACME}/releases/web%402.0.0/compare/")
    assert "Not enough data" in phone.locator(".wide-nums").inner_text()
    assert phone.evaluate(_CUT, ".wide-nums td") == []


def test_the_hints_of_a_search_do_not_cover_what_they_mean(phone):
    phone.goto(f"{ACME}/issues/")
    phone.get_by_label("Search issues").focus()
    assert phone.locator(".hints code").first.is_visible()
    assert phone.evaluate(_CUT, ".hints code") == []


def test_the_verdict_of_a_release_leaves_place_for_what_follows(phone):
    phone.goto(f"{ACME}/releases/web%402.0.0/")
    regressed = phone.get_by_role("region", name="Verdict in production")
    other = regressed.get_by_text("Users without a new issue")
    assert not other.is_visible()
    assert regressed.bounding_box()["height"] < 440
    regressed.get_by_text("2 other measures").click()
    assert other.is_visible()
    phone.set_viewport_size({"width": 1360, "height": 800})
    phone.reload()
    assert other.is_visible()
    assert not regressed.get_by_text("2 other measures").is_visible()


@pytest.mark.parametrize("path", ["releases/", "timeline/", "settings/projects/web/"])
def test_what_has_the_focus_is_never_covered(phone, path):
    phone.goto(f"{ACME}/{path}")
    covered = []
    for _ in range(_TABS_MAX):
        phone.keyboard.press("Tab")
        covered.append(phone.evaluate(_COVERED))
    assert list(filter(None, covered)) == []


def test_an_issue_that_would_be_deleted_has_its_whole_title(awkward_phone):
    awkward_phone.goto(f"{ACME}/issues/")
    for box in awkward_phone.locator("tbody").get_by_role("checkbox").all():
        box.check()
    awkward_phone.get_by_role("button", name="Delete", exact=True).click()
    awkward_phone.get_by_role("heading", name="Delete 2 issues").wait_for()
    assert awkward_phone.evaluate(_CUT, ".rowlist .grow, .rowlist .cut") == []


@pytest.mark.parametrize(
    "name",
    [
        "settings-audit-log",
        "settings-quarantine",
        "settings-members",
        "account-tokens",
        "release-artifacts",
    ],
)
def test_what_is_said_nowhere_else_is_not_cut(awkward_phone, filled_awkwardly, name):
    """A phone shows no tooltip with the rest."""
    awkward_phone.goto(AWKWARD_PAGES[name].format_map(filled_awkwardly.places))
    assert awkward_phone.evaluate(_CUT, ".rows .main .cut, .rows .main .break, .foot .cut") == []


def test_why_a_job_failed_is_not_cut(awkward_phone):
    awkward_phone.goto(AWKWARD_PAGES["settings-jobs"])
    assert awkward_phone.locator(".rows .bad").count()
    assert awkward_phone.evaluate(_CUT, ".rows .bad") == []
