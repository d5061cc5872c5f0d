"""The list of projects in the settings."""

import re
from html import unescape

from shipmark.web.view_models.settings import project as project_view

PROJECTS = "/organizations/acme/settings/projects/"


def listed_slugs(client, query=""):
    text = client.get(f"{PROJECTS}?{query}").text
    return re.findall(r'Settings<span class="unseen"> of ([a-z0-9-]+)', text)


def test_many_projects_stand_on_several_pages(house, owner, monkeypatch):
    assert "Search by name" not in owner.get(PROJECTS).text
    monkeypatch.setattr(project_view, "PROJECTS_PER_PAGE", 2)
    for slug in ("api", "shop", "shop-admin"):
        house.extra_project(slug)
    assert listed_slugs(owner) == ["api", "shop"]
    assert listed_slugs(owner, "page=2") == ["shop-admin", "web"]
    assert listed_slugs(owner, "page=3") == []
    text = owner.get(PROJECTS).text
    assert "4 projects" in text
    [older] = re.findall(r'rel="next" href="([^"]+)"', text)
    assert "shop-admin" in owner.get(unescape(older)).text


def test_projects_are_searched_by_name_and_slug(house, owner):
    house.extra_project("shop")
    assert listed_slugs(owner, "query=SHO") == ["shop"]
    assert listed_slugs(owner, "query=nothing") == []
    assert "No matching projects" in owner.get(f"{PROJECTS}?query=nothing").text


def test_only_the_keys_of_the_shown_projects_are_read(house, owner, statements, monkeypatch):
    monkeypatch.setattr(project_view, "PROJECTS_PER_PAGE", 2)
    counts = []
    for number in range(3):
        house.extra_project(f"shop-{number}")
        statements.clear()
        assert len(listed_slugs(owner)) == 2
        counts.append(len(statements))
    assert len(set(counts)) == 1
