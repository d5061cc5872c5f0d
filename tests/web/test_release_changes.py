"""The rights to change releases, which every role has today: so they are tested without a page."""

from dataclasses import replace

import pytest

from shipmark.api import scopes
from shipmark.infrastructure.errors import Forbidden
from shipmark.organizations.actions import user_access
from shipmark.organizations.model import Role
from shipmark.web import release_changes


@pytest.fixture
def access(house):
    return user_access(house.owner, house.organization, Role.MEMBER, None)


def test_pages_ask_for_the_scopes_of_the_api():
    assert release_changes.RELEASE_WRITE == scopes.RELEASE_WRITE
    assert release_changes.RELEASE_DELETE == scopes.RELEASE_DELETE


def test_a_member_may_change_releases(access):
    release_changes.require_write(access)
    release_changes.require_delete(access)


def test_without_the_scopes_changes_are_forbidden(access):
    reader = replace(access, scopes=frozenset({"project:read", "org:read"}))
    for require in (release_changes.require_write, release_changes.require_delete):
        with pytest.raises(Forbidden):
            require(reader)
    assert not release_changes.may_write(reader)
    assert not release_changes.may_delete(reader)
