from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from le_auth.domain.secret import Secret
from le_auth.domain.sessions import Session
from le_auth.errors import (
    ClientRefusedError,
    CodeRefusedError,
    ConsentDeniedError,
    DomainApiUnavailableError,
    GrantMovedError,
    IdTokenError,
    LeAuthError,
    OutcomeUnknownError,
    RequestError,
    SecretsUnavailableError,
    TableUnavailableError,
    TransactionExpiredError,
)
from tests.support.fakes import FakeSealer, FakeSealers, FakeSecrets, FakeSentinels
from tests.support.fakes_callback import BY_THE_CLOCK, QUERY, TRANSACTION, VERIFIER, Callback
from tests.support.makers import (
    ACCOUNT,
    ADA,
    BASE_URL,
    NOON,
    REDIRECT_URI,
    a_grant,
    an_answer,
    some_tokens,
)


@pytest.fixture
def callback() -> Callback:
    return Callback()


# ---- the regular way ----


def test_a_sign_in_stores_a_grant_under_a_generation_drawn_from_the_clock(callback: Callback) -> None:
    callback.finish()

    grant = callback.table.grants[ADA]
    assert (grant.generation, grant.session_epoch) == (BY_THE_CLOCK, BY_THE_CLOCK)
    assert (grant.is_admin, grant.is_lpa, grant.slot) == (True, False, 13)
    assert grant.sealed is not None
    assert FakeSealer(["k1"]).open_tokens(grant.sealed, user=ADA)[1] == Secret("refresh-canary-ada")


def test_a_sign_in_gives_a_session_of_the_stored_epoch_and_the_way_on(callback: Callback) -> None:
    signed_in = callback.finish()

    assert callback.session(signed_in) == Session(user=ADA, epoch=BY_THE_CLOCK, issued_at=NOON)
    assert signed_in.return_to == f"{BASE_URL}/there"
    assert signed_in.identity.user == ADA


def test_without_return_to_the_landing_place_is_left_open(callback: Callback) -> None:
    callback.transaction = replace(TRANSACTION, return_to=None)

    assert callback.finish().return_to is None


def test_point_01_the_code_is_exchanged_with_the_redirect_uri_and_verifier_of_the_launch(callback: Callback) -> None:
    callback.finish()

    [request] = callback.endpoint.requests
    assert (request.code, request.redirect_uri) == ("code-canary", REDIRECT_URI)
    assert request.code_verifier == VERIFIER.reveal()


def test_point_25_a_new_sign_in_keeps_the_stored_epoch_and_with_it_the_other_sessions(callback: Callback) -> None:
    callback.table.put(a_grant(generation=3, session_epoch=41))

    signed_in = callback.finish()

    session = callback.session(signed_in)
    assert session is not None
    assert session.epoch == 41
    assert callback.table.grants[ADA].session_epoch == 41


def test_a_stored_generation_ahead_of_the_clock_is_followed_by_the_next(callback: Callback) -> None:
    callback.table.put(a_grant(generation=BY_THE_CLOCK + 50, session_epoch=41))

    callback.finish()

    grant = callback.table.grants[ADA]
    assert (grant.generation, grant.session_epoch) == (BY_THE_CLOCK + 51, 41)
    assert grant.sealed is not None
    assert FakeSealer(["k1"]).open_tokens(grant.sealed, user=ADA)[0] == Secret("access-canary-ada")


def test_a_save_whose_answer_was_lost_is_success(callback: Callback) -> None:
    callback.table.put(a_grant(generation=3, session_epoch=41))
    callback.table.lose_answer("save_sign_in")

    signed_in = callback.finish()

    session = callback.session(signed_in)
    assert session is not None
    assert session.epoch == 41
    assert callback.table.writes.count("save_sign_in") == 1


@pytest.mark.parametrize("seconds", [1, 0, -2])
def test_a_save_whose_answer_was_lost_leaves_the_token_that_a_refresh_has_brought_since(
    callback: Callback, seconds: int
) -> None:
    """Also where the clock of whoever refreshed was behind."""
    tokens = some_tokens("refreshed-since")
    sealed = FakeSealer(["k1"]).seal_tokens(tokens, user=ADA, generation=BY_THE_CLOCK + 1)
    refreshed_at = NOON + timedelta(seconds=seconds)
    since = a_grant(ADA, generation=BY_THE_CLOCK + 1, issued_at=NOON, refreshed_at=refreshed_at, sealed=sealed)
    callback.table.before("save_sign_in", lambda: callback.table.put(since))

    callback.finish()

    assert callback.table.grants[ADA] == since


def test_a_record_that_changes_twice_meanwhile_is_for_later(callback: Callback) -> None:
    ahead = [a_grant(generation=BY_THE_CLOCK + number) for number in (10, 20)]
    callback.table.before("save_sign_in", *(lambda grant=grant: callback.table.put(grant) for grant in ahead))

    with pytest.raises(TableUnavailableError, match="changed twice"):
        callback.finish()
    assert callback.table.grants[ADA].generation == BY_THE_CLOCK + 20


def test_a_refusal_that_shows_no_record_is_tried_once_more(callback: Callback) -> None:
    def vanish() -> None:
        raise GrantMovedError(None)

    callback.table.before("save_sign_in", vanish)

    callback.finish()

    assert callback.table.grants[ADA].generation == BY_THE_CLOCK


# ---- the transaction ----


def test_point_03_without_the_cookie_nothing_is_asked_or_written(callback: Callback) -> None:
    callback.transaction = replace(TRANSACTION, state_hash="0" * 64)

    with pytest.raises(TransactionExpiredError) as refused:
        callback.finish()
    assert (callback.table.writes, callback.endpoint.requests, callback.sentinels.asked) == ([], [], [])
    assert refused.value.account_id is None


@pytest.mark.parametrize(
    "changes", [{"account_id": "99999999"}, {"account_id": "../x"}, {"return_to": "//evil.example"}]
)
def test_point_06_what_the_cookie_says_is_validated_again(callback: Callback, changes: dict[str, str]) -> None:
    callback.transaction = replace(TRANSACTION, **changes)  # type: ignore[arg-type]

    with pytest.raises(RequestError):
        callback.finish()
    assert (callback.table.writes, callback.endpoint.requests, callback.sentinels.asked) == ([], [], [])


def test_point_04_a_state_serves_once(callback: Callback) -> None:
    callback.finish()

    with pytest.raises(TransactionExpiredError, match="finished before"):
        callback.finish()
    assert len(callback.endpoint.requests) == 1


def test_point_04_the_state_is_consumed_before_the_code_is_sent(callback: Callback) -> None:
    callback.fails_with(CodeRefusedError("refused"))

    with pytest.raises(CodeRefusedError):
        callback.finish()
    assert callback.table.used_states == {TRANSACTION.state_hash}
    assert callback.table.writes == ["consume_state"]


def test_an_error_of_a_genuine_transaction_names_where_to_start_again(callback: Callback) -> None:
    callback.fails_with(CodeRefusedError("refused"))

    with pytest.raises(CodeRefusedError) as refused:
        callback.finish()
    assert (refused.value.account_id, refused.value.return_to) == (ACCOUNT, "/there")


# ---- what Sentinel says ----


def test_a_denial_spends_neither_state_nor_code(callback: Callback) -> None:
    query = replace(QUERY, code=None, error="access_denied", error_description="The user said no")

    with pytest.raises(ConsentDeniedError, match="access_denied: The user said no"):
        callback.finish(query)
    assert (callback.table.writes, callback.endpoint.requests) == ([], [])


def test_point_08_the_words_of_a_denial_are_cut_and_without_control_characters(callback: Callback) -> None:
    query = replace(QUERY, code=None, error="access_denied", error_description="a\x00b\n\u202ec" + "d" * 500)

    with pytest.raises(ConsentDeniedError) as denied:
        callback.finish(query)
    assert "access_denied: abcd" in str(denied.value)
    assert len(str(denied.value)) == len("LivePerson did not sign you in. It says: ") + 200


def test_a_denial_without_description_is_told_by_its_code(callback: Callback) -> None:
    with pytest.raises(ConsentDeniedError, match=r"It says: server_error$"):
        callback.finish(replace(QUERY, code=None, error="server_error"))


@pytest.mark.parametrize("iss", ["Sentinel", "va.sentinel.liveperson.net"])
def test_point_11_the_issuer_of_this_transaction_is_welcome(callback: Callback, iss: str) -> None:
    assert callback.finish(replace(QUERY, iss=iss)).identity.user == ADA


@pytest.mark.parametrize("error", [None, "access_denied"])
def test_point_11_another_issuer_is_refused_before_anything_is_sent(callback: Callback, error: str | None) -> None:
    with pytest.raises(RequestError, match="iss"):
        callback.finish(replace(QUERY, iss="lo.sentinel.liveperson.net", error=error))
    assert (callback.table.writes, callback.endpoint.requests) == ([], [])


def test_a_callback_with_neither_code_nor_error_sends_nothing(callback: Callback) -> None:
    with pytest.raises(RequestError, match="neither code nor error"):
        callback.finish(replace(QUERY, code=None))
    assert callback.endpoint.requests == []


# ---- failures ----


def test_what_cannot_be_had_is_missed_before_the_state_is_spent() -> None:
    for callback in (
        Callback(sentinels=FakeSentinels(error=DomainApiUnavailableError("down"))),
        Callback(secrets=FakeSecrets(error=SecretsUnavailableError("down"))),
        Callback(sealers=FakeSealers(known=[])),
    ):
        with pytest.raises((DomainApiUnavailableError, SecretsUnavailableError)):
            callback.finish()
        assert (callback.table.writes, callback.endpoint.requests) == ([], [])


@pytest.mark.parametrize("error", [OutcomeUnknownError("broken"), CodeRefusedError("refused"), IdTokenError("expired")])
def test_point_19_a_code_is_sent_once(callback: Callback, error: LeAuthError) -> None:
    callback.secrets.known = ["secret-canary-new", "secret-canary-old"]
    callback.fails_with(error)

    with pytest.raises(type(error)):
        callback.finish()
    assert len(callback.endpoint.requests) == 1


def test_a_refused_secret_is_followed_by_the_next_with_the_same_code(callback: Callback) -> None:
    callback.secrets.known = ["secret-canary-new", "secret-canary-old"]
    callback.endpoint.answers.appendleft(ClientRefusedError("401"))

    callback.finish()

    assert callback.endpoint.secrets_tried == ["secret-canary-new", "secret-canary-old"]
    assert {request.code for request in callback.endpoint.requests} == {"code-canary"}


def test_an_answer_without_identity_signs_nobody_in(callback: Callback) -> None:
    callback.endpoint.answers.clear()
    callback.endpoint.order(an_answer("nobody"))

    with pytest.raises(IdTokenError):
        callback.finish()
    assert callback.table.grants == {}


@pytest.mark.parametrize("method", ["consume_state", "save_sign_in"])
def test_a_table_that_cannot_be_written_is_for_later(callback: Callback, method: str) -> None:
    callback.table.fail(method)

    with pytest.raises(TableUnavailableError):
        callback.finish()
    assert callback.table.grants == {}


def test_a_table_that_cannot_be_written_before_the_exchange_costs_no_code(callback: Callback) -> None:
    callback.table.fail("consume_state")

    with pytest.raises(TableUnavailableError):
        callback.finish()
    assert callback.endpoint.requests == []


def test_neither_code_nor_state_nor_session_is_printed(callback: Callback) -> None:
    signed_in = callback.finish()

    assert "canary" not in repr(QUERY) + repr(signed_in)
    assert signed_in.session_cookie.reveal() not in repr(signed_in)
