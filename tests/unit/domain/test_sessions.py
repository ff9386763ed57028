from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from le_auth.domain.grants import Status
from le_auth.domain.sessions import Session, Sessions, find_session
from le_auth.domain.users import AppInstalls
from le_auth.errors import SecretsUnavailableError, TableUnavailableError
from tests.support.fakes import FakeSealer, FakeSealers
from tests.support.fakes_table import FakeTable
from tests.support.makers import ADA, APP_INSTALLS, NOON, a_grant

LIFETIME = timedelta(hours=12)
SESSION = Session(user=ADA, epoch=1000, issued_at=NOON)
COOKIE = SESSION.seal(FakeSealer(["k1"])).reveal()


def find(cookie: str | None, *, sealers: FakeSealers | None = None, after: timedelta = timedelta()) -> Session | None:
    return find_session(cookie, sealers or FakeSealers(), lifetime=LIFETIME, now=NOON + after)


def test_the_session_that_was_sealed_is_found() -> None:
    assert find(COOKIE) == SESSION


def test_the_sealed_cookie_prints_as_stars() -> None:
    assert str(SESSION.seal(FakeSealer(["k1"]))) == "***"


@pytest.mark.parametrize("cookie", [None, "", "foreign.00", "k9.00"])
def test_without_a_cookie_that_opens_there_is_no_session(cookie: str | None) -> None:
    assert find(cookie) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1",
        b"null",
        b"{}",
        b"[]",
        b'["13099967", "1", 2]',
        b'["13099967", 1, 2, 3]',
        b'["1#3", "1", 2, 3]',
        b'["13099967", "1#2", 2, 3]',
        b'["13099967", "1", "x", 3]',
        b'["13099967", "1", null, 3]',
        b'["13099967", "1", 2, "3"]',
        b'["13099967", "1", 2, 1e30]',
        b"\xff",
    ],
)
def test_a_cookie_of_another_form_is_no_session(content: bytes) -> None:
    assert find(FakeSealer(["k1"]).seal_cookie(content)) is None


def test_a_cookie_sealed_with_a_newly_added_key_makes_the_keys_be_read_afresh() -> None:
    sealers = FakeSealers(known=["k1"], afresh=["k2", "k1"])

    found = find(SESSION.seal(FakeSealer(["k2"])).reveal(), sealers=sealers)

    assert (found, sealers.reads_afresh) == (SESSION, 1)


def test_a_good_cookie_needs_no_keys_read_afresh() -> None:
    sealers = FakeSealers()

    find(COOKIE, sealers=sealers)

    assert sealers.reads_afresh == 0


def test_keys_that_cannot_be_had_are_no_missing_session() -> None:
    with pytest.raises(SecretsUnavailableError):
        find(COOKIE, sealers=FakeSealers(known=[]))


@pytest.mark.parametrize("after", [-timedelta(minutes=5), timedelta(), LIFETIME - timedelta(seconds=1)])
def test_a_session_lasts_its_lifetime_by_clocks_that_may_differ_by_five_minutes(after: timedelta) -> None:
    assert find(COOKIE, after=after) == SESSION


@pytest.mark.parametrize("after", [-timedelta(minutes=5, seconds=1), LIFETIME, timedelta(days=400)])
def test_point_25_a_session_out_of_its_time_is_none(after: timedelta) -> None:
    assert find(COOKIE, after=after) is None


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.REAUTHORIZE])
def test_a_session_stands_while_its_epoch_does(status: Status) -> None:
    assert SESSION.belongs_to(a_grant(status=status, session_epoch=1000))


def test_point_25_a_raised_epoch_ends_every_session_before_it() -> None:
    assert not SESSION.belongs_to(a_grant(session_epoch=1001))


def test_point_25_a_signed_out_user_has_no_session() -> None:
    assert not SESSION.belongs_to(a_grant(status=Status.SIGNED_OUT, session_epoch=1000))


def test_a_user_who_is_gone_has_no_session() -> None:
    assert not SESSION.belongs_to(None)


def the_sessions(table: FakeTable, *, sealers: FakeSealers | None = None) -> Sessions:
    return Sessions(app_installs=APP_INSTALLS, sealers=sealers or FakeSealers(), table=table, lifetime=LIFETIME)


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.REAUTHORIZE])
def test_the_grant_behind_a_session_is_found_also_where_liveperson_wants_a_new_sign_in(status: Status) -> None:
    grant = a_grant(status=status, session_epoch=1000)
    table = FakeTable(grants={ADA: grant})

    assert the_sessions(table).find(COOKIE, now=NOON) == grant


@pytest.mark.parametrize("change", [{"session_epoch": 1001}, {"status": Status.SIGNED_OUT}])
def test_point_25_after_a_sign_out_there_is_no_grant_behind_a_session(change: dict[str, Any]) -> None:
    grant = a_grant(**{"session_epoch": 1000, **change})

    assert the_sessions(FakeTable(grants={ADA: grant})).find(COOKIE, now=NOON) is None


def test_an_account_that_is_not_configured_has_no_sessions_and_costs_no_read() -> None:
    table = FakeTable()
    table.fail("find")
    sessions = replace(the_sessions(table), app_installs=AppInstalls(client_ids={"le00000000": "app"}))

    assert sessions.find(COOKIE, now=NOON) is None


def test_without_a_session_the_table_is_not_asked() -> None:
    table = FakeTable()
    table.fail("find")

    assert the_sessions(table).find("foreign.00", now=NOON) is None


def test_a_table_that_cannot_be_read_is_no_missing_session() -> None:
    table = FakeTable()
    table.fail("find")

    with pytest.raises(TableUnavailableError):
        the_sessions(table).find(COOKIE, now=NOON)
