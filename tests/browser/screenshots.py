"""Takes pictures of every page, light, dark and on a phone: python tests/browser/screenshots.py [FOLDER]

Those of the README are also put into docs/images/.
"""

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from browser import servers
from browser.chromium import CHROMIUM, FLAGS, sign_in
from browser.filling import Places, fill_all
from browser.pages import OTHERS_PAGES, PAGES
from playwright.sync_api import Browser, sync_playwright

#: Width, height and scheme of each kind of picture.
KINDS = {
    "light": (1360, 900, "light"),
    "dark": (1360, 900, "dark"),
    "phone": (390, 844, "light"),
}
IMAGES = Path(__file__).parents[2] / "docs/images"
#: What the README shows: page and kind.
IN_README = (("releases", "light"), ("release", "dark"), ("issue", "light"), ("releases", "phone"))


def main(folder: Path) -> None:
    """Start a server, fill it, and take all pictures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        servers.empty_server(Path(data) / "data") as server,
        sync_playwright() as playwright,
    ):
        places = fill_all(server)
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for kind in KINDS:
            take(browser, server.address, kind, places, folder)
        browser.close()
    IMAGES.mkdir(exist_ok=True)
    for name, kind in IN_README:
        shutil.copy(folder / f"{name}-{kind}.png", IMAGES)


def take(browser: Browser, address: str, kind: str, places: Places, folder: Path) -> None:
    """Take a picture of each page: first of those for a person who is not signed in, then of an owner's."""
    width, height, scheme = KINDS[kind]
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    for name, path in OTHERS_PAGES["anonymous"].items():
        page.goto(path.format_map(places))
        page.screenshot(path=folder / f"{name}-{kind}.png")
    sign_in(page)
    for name, path in PAGES.items():
        page.goto(path.format_map(places))
        # The first window of a page is what a reader sees; the README shows that.
        is_whole = (name, kind) not in IN_README
        page.screenshot(path=folder / f"{name}-{kind}.png", full_page=is_whole)
    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots"))
