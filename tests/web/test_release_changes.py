"""The rights to change releases, which every role has today: so they are tested without a page."""

from dataclasses import replace

import pytest

from shipmark.http import scopes
from shipmark.infrastructure.errors import Forbidden
from shipmark.organizations.actions import user_access
from shipmark.organizations.model import Role
from shipmark.web.handlers import release_actions
from shipmark.web.request_context import Workspace

CHANGES = (scopes.RELEASE_WRITE, scopes.RELEASE_DELETE)


@pytest.fixture
def workspace(house):
    access = user_access(house.owner, house.organization, Role.MEMBER, None)
    return Workspace(
        user=house.owner,
        access=access,
        organization=house.organization,
        organizations=(house.organization,),
        projects=(),
    )


def test_pages_ask_for_the_scopes_of_the_api():
    assert release_actions.RELEASE_WRITE == scopes.RELEASE_WRITE
    assert release_actions.RELEASE_DELETE == scopes.RELEASE_DELETE


@pytest.mark.parametrize("required", CHANGES)
def test_a_member_may_change_releases(workspace, required):
    workspace.require(required)
    assert workspace.may(required)


@pytest.mark.parametrize("required", CHANGES)
def test_without_the_scopes_changes_are_forbidden(workspace, required):
    scopes_of_reader = frozenset({"project:read", "org:read"})
    reader = replace(workspace, access=replace(workspace.access, scopes=scopes_of_reader))
    with pytest.raises(Forbidden):
        reader.require(required)
    assert not reader.may(required)
