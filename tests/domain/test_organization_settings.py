"""Changing and ending organizations, beneath the API: who waits for whom, and what a job finds."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from factories import ALICE, BEGINNING, BOB, CHARLIE, World, give_role, rows
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.deletion import organization_deletion as finishing
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound, ValidationFailed
from shipmark.organizations import actions, deletion_requests, membership, options, settings, store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext
from shipmark.organizations.model import Access, Actor, Flag, OrganizationStatus, Role
from shipmark.organizations.settings import OrganizationUpdate
from shipmark.organizations.store import AuditFilter

SOMEBODY = Actor(user_id=None, label="somebody", ip_address=None)


def access_of(connection: Connection, world: World, email: str, slug: str = "acme") -> Access:
    user = accounts.by_id(connection, world.users[email])
    assert user is not None
    return actions.access_of_user(connection, slug, user, None)


def test_an_organization_begins_open_and_active(connection: Connection) -> None:
    made = actions.create(connection, "initech", "Initech", BEGINNING)
    assert (made.status, made.default_role) == (OrganizationStatus.ACTIVE, Role.MEMBER)
    assert made.is_open
    assert not made.flags
    assert made.has(Flag.ALLOW_JOINLEAVE)
    assert (made.deletes_events, made.writes_alerts) == (True, True)


def test_options_and_columns_are_kept_in_step(connection: Connection, world: World) -> None:
    acme = world.organizations["acme"]
    for value in (False, True):
        given = {"eventsMemberAdmin": value, "alertsMemberWrite": value}
        after = settings.update(
            connection, acme, OrganizationUpdate(options=given), SOMEBODY, BEGINNING
        )
        stored = store.options_of(connection, acme)
        assert options.is_on(stored, "eventsMemberAdmin") is after.deletes_events is value
        assert options.is_on(stored, "alertsMemberWrite") is after.writes_alerts is value
        scopes = after.scopes_of(Role.MEMBER)
        assert ("event:admin" in scopes) is ("alerts:write" in scopes) is value
        assert after.scopes_of(Role.ADMIN) == Role.ADMIN.scopes


def test_flags_are_bits_beside_each_other(connection: Connection, world: World) -> None:
    acme = world.organizations["acme"]
    first = OrganizationUpdate(switches={"enhancedPrivacy": True, "allowMemberInvite": False})
    after = settings.update(connection, acme, first, SOMEBODY, BEGINNING)
    assert after.flags == Flag.ENHANCED_PRIVACY | Flag.DISABLE_MEMBER_INVITE
    then = OrganizationUpdate(switches={"enhancedPrivacy": False, "openMembership": False})
    after = settings.update(connection, acme, then, SOMEBODY, BEGINNING)
    assert after.flags == Flag.DISABLE_MEMBER_INVITE
    assert not after.is_open


def test_nothing_is_written_for_nothing(connection: Connection, world: World) -> None:
    acme = world.organizations["acme"]
    before = store.by_id(connection, acme)
    assert settings.update(connection, acme, OrganizationUpdate(), SOMEBODY, BEGINNING) == before
    assert store.entries_of(connection, acme, AuditFilter(), None, limit=9) == []


def test_an_organization_that_is_not_there_can_not_be_changed(connection: Connection) -> None:
    with pytest.raises(NotFound):
        settings.update(connection, 999, OrganizationUpdate(name="x"), SOMEBODY, BEGINNING)
    with pytest.raises(NotFound):
        deletion_requests.request(connection, 999, SOMEBODY, BEGINNING)
    assert not finishing.finish(connection, 999, BEGINNING)


def test_a_slug_that_is_taken_is_refused(database: Database, world: World) -> None:
    with database.transaction() as connection, pytest.raises(ValidationFailed):
        settings.update(
            connection,
            world.organizations["acme"],
            OrganizationUpdate(slug="globex"),
            SOMEBODY,
            BEGINNING,
        )


def test_of_two_who_want_a_slug_one_has_it(database: Database, world: World) -> None:
    def rename(name: str) -> bool:
        try:
            with database.transaction() as connection:
                organization_id = world.organizations[name]
                wanted = OrganizationUpdate(slug="initech")
                settings.update(connection, organization_id, wanted, SOMEBODY, BEGINNING)
        except ValidationFailed:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(rename, ("acme", "globex"))) == [False, True]
    assert "initech" in {it["slug"] for it in rows(database, "organizations")}


def test_changes_at_once_all_count(database: Database, world: World) -> None:
    names = ("enhancedPrivacy", "isEarlyAdopter", "allowMemberInvite", "allowSharedIssues")

    def change(name: str) -> None:
        with database.transaction() as connection:
            wanted = OrganizationUpdate(switches={name: name in names[:2]})
            settings.update(connection, world.organizations["acme"], wanted, SOMEBODY, BEGINNING)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, names))
    flags = Flag(rows(database, "organizations")[0]["flags"])
    assert flags == (
        Flag.ENHANCED_PRIVACY
        | Flag.EARLY_ADOPTER
        | Flag.DISABLE_MEMBER_INVITE
        | Flag.DISABLE_SHARED_ISSUES
    )


def test_owners_who_demote_each_other_leave_one(database: Database, world: World) -> None:
    give_role(database, world, BOB, Role.OWNER)

    def demote(who: str, other: str) -> bool:
        try:
            with database.transaction() as connection:
                access = access_of(connection, world, who)
                acme, user = access.organization.id, world.users[other]
                member = store.member_who_is(connection, acme, user)
                assert member is not None
                done = ActionContext(access=access, by=SOMEBODY, at=BEGINNING)
                membership.update_member(connection, done, member, Role.MEMBER, None)
        # Who comes second is an owner no more, or finds that nobody else is.
        except (BadRequest, Forbidden):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(demote, (ALICE, BOB), (BOB, ALICE)))
    assert "owner" in {it["role"] for it in rows(database, "members") if it["organization_id"] == 1}


def test_the_end_is_asked_for_once(connection: Connection, world: World) -> None:
    globex = world.organizations["globex"]
    first = deletion_requests.request(connection, globex, SOMEBODY, BEGINNING)
    again = deletion_requests.request(connection, globex, SOMEBODY, BEGINNING + timedelta(hours=1))
    assert first == again
    assert first.status is OrganizationStatus.PENDING_DELETION
    log = store.entries_of(connection, globex, AuditFilter(), None, limit=9)
    assert [it.event for it in log] == [AuditEvent.ORG_REMOVE]


def test_what_nobody_wants_deleted_stays(connection: Connection, world: World) -> None:
    assert not finishing.finish(connection, world.organizations["globex"], BEGINNING)
    deletion_requests.request(connection, world.organizations["globex"], SOMEBODY, BEGINNING)
    assert finishing.finish(connection, world.organizations["globex"], BEGINNING)
    assert not finishing.finish(connection, world.organizations["globex"], BEGINNING)
    assert store.by_id(connection, world.organizations["acme"]) is not None


def test_users_stay_without_their_organization(connection: Connection, world: World) -> None:
    deletion_requests.request(connection, world.organizations["globex"], SOMEBODY, BEGINNING)
    finishing.finish(connection, world.organizations["globex"], BEGINNING)
    assert accounts.by_id(connection, world.users[CHARLIE]) is not None
    assert store.of_user(connection, world.users[CHARLIE]) == []


def test_the_audit_log_is_kept_word_by_word(connection: Connection, world: World) -> None:
    acme = world.organizations["acme"]
    by = Actor(user_id=world.users[ALICE], label=ALICE, ip_address="2001:db8::1")
    data = {"name": "from ü to ✓", "n": 1, "list": ["a"], "none": None}
    store.record(connection, acme, AuditEvent.ORG_EDIT, by, BEGINNING, data=data, target_id=acme)
    (entry,) = store.entries_of(connection, acme, AuditFilter(), None, limit=9)
    assert (entry.event, entry.data, entry.created_at) == (AuditEvent.ORG_EDIT, data, BEGINNING)
    assert (entry.actor_id, entry.actor_label) == (world.users[ALICE], ALICE)
    assert (entry.ip_address, entry.target_id, entry.target_user_id) == ("2001:db8::1", acme, None)


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (AuditFilter(), 3),
        (AuditFilter(event=AuditEvent.TEAM_ADD), 1),
        (AuditFilter(event=AuditEvent.ORG_REMOVE), 0),
        (AuditFilter(since=BEGINNING + timedelta(minutes=1)), 2),
        (AuditFilter(until=BEGINNING + timedelta(minutes=1)), 2),
        (AuditFilter(since=BEGINNING, until=BEGINNING), 1),
        (AuditFilter(actor_id=1), 0),
    ],
)
def test_lines_of_the_audit_log_are_chosen(
    connection: Connection, world: World, chosen: AuditFilter, found: int
) -> None:
    acme = world.organizations["acme"]
    events = (AuditEvent.TEAM_ADD, AuditEvent.TEAM_EDIT, AuditEvent.TEAM_REMOVE)
    for minute, event in enumerate(events):
        at = BEGINNING + timedelta(minutes=minute)
        store.record(connection, acme, event, SOMEBODY, at, data={"slug": "x"})
    assert len(store.entries_of(connection, acme, chosen, None, limit=9)) == found
    assert store.entries_of(connection, world.organizations["globex"], chosen, None, limit=9) == []


@pytest.mark.parametrize("event", list(AuditEvent))
def test_a_note_can_do_without_its_data(
    connection: Connection, world: World, event: AuditEvent
) -> None:
    acme = world.organizations["acme"]
    store.record(connection, acme, event, SOMEBODY, BEGINNING, data={})
    (entry,) = store.entries_of(connection, acme, AuditFilter(), None, limit=1)
    assert entry.note
    assert "{" not in entry.note
