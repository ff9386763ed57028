from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from le_auth.domain.id_token import Identity, check_times, read_claims, read_identity
from le_auth.errors import IdTokenError
from tests.support.makers import ACCOUNT, ADA, CLIENT_ID, NOON, OTHER_CLIENT_ID

ISSUED = int(NOON.timestamp())
CLAIMS = {"iss": "Sentinel", "aud": CLIENT_ID, "sub": ADA.user_id, "is_admin": True, "is_lpa": False}


def jwt(claims: object) -> str:
    def encode(content: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return f"{encode({'alg': 'RS256'})}.{encode(claims)}.c2lnbmF0dXJl"


def identity(**changes: Any) -> Identity:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not ...}
    return read_identity(claims, account_id=ACCOUNT, client_id=CLIENT_ID)


@pytest.mark.parametrize("extra", ["", "x", "xy", "xyz", "Ω?~"])
def test_claims_are_decoded_whatever_their_length(extra: str) -> None:
    assert read_claims(jwt({"sub": "1", "x": extra})) == {"sub": "1", "x": extra}


@pytest.mark.parametrize("value", [None, 1, b"a.b.c", ["a.b.c"]])
def test_an_id_token_that_is_no_string_is_missing(value: object) -> None:
    with pytest.raises(IdTokenError, match="no id token"):
        read_claims(value)


@pytest.mark.parametrize("value", ["", "canary", "a.canary", "a.b.c.d", "a.!!.c", "a.canar.c", "á.e30.c", "a.bm8.c"])
def test_what_is_no_jwt_is_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(IdTokenError, match="not a JWT") as refused:
        read_claims(value)

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("claims", [[], "text", 1, None])
def test_claims_other_than_an_object_are_refused(claims: object) -> None:
    with pytest.raises(IdTokenError, match="not a JSON object"):
        read_claims(jwt(claims))


def test_the_identity_names_the_account_of_the_sign_in_and_the_user_of_the_token() -> None:
    assert identity() == Identity(user=ADA, is_admin=True, is_lpa=False)


@pytest.mark.parametrize("issuer", ["Sentinel", "sentinel", "SENTINEL"])
def test_point_22_the_issuer_is_compared_without_case(issuer: str) -> None:
    assert identity(iss=issuer).user == ADA


@pytest.mark.parametrize("issuer", [..., None, "", "Sentinel ", "https://evil.example", 1, ["Sentinel"]])
def test_point_22_another_issuer_is_refused(issuer: object) -> None:
    with pytest.raises(IdTokenError, match="iss"):
        identity(iss=issuer)


def test_point_22_an_audience_may_be_a_list_of_one() -> None:
    assert identity(aud=[CLIENT_ID]).user == ADA


@pytest.mark.parametrize("audience", [..., None, "", OTHER_CLIENT_ID, [], [CLIENT_ID, OTHER_CLIENT_ID], {CLIENT_ID: 1}])
def test_point_22_another_audience_is_refused(audience: object) -> None:
    with pytest.raises(IdTokenError, match="aud"):
        identity(aud=audience)


@pytest.mark.parametrize("subject", [..., None, "", 3677470410, "1#2", "a b", "1" * 65, "1\n"])
def test_a_subject_that_is_no_user_id_is_refused(subject: object) -> None:
    with pytest.raises(IdTokenError, match="sub"):
        identity(sub=subject)


@pytest.mark.parametrize("value", [..., None, False, "true", 1, "false"])
def test_only_a_plain_true_makes_an_administrator(value: object) -> None:
    found = identity(is_admin=value, is_lpa=value)

    assert (found.is_admin, found.is_lpa) == (False, False)


def check(*, exp: object = ISSUED + 600, iat: object = ISSUED, after: float = 0) -> None:
    check_times({"exp": exp, "iat": iat}, now=NOON + timedelta(seconds=after))


@pytest.mark.parametrize("after", [-120, 0, 600, 719])
def test_point_22_clocks_may_differ_by_two_minutes(after: float) -> None:
    check(after=after)


def test_point_22_an_expired_id_token_is_refused() -> None:
    with pytest.raises(IdTokenError, match="expired"):
        check(after=720)


def test_point_22_an_id_token_from_the_future_is_refused() -> None:
    with pytest.raises(IdTokenError, match="future"):
        check(after=-121)


@pytest.mark.parametrize("value", [None, "1773057600", 1773057600.0, True])
@pytest.mark.parametrize("name", ["exp", "iat"])
def test_times_of_another_type_are_refused(name: str, value: object) -> None:
    times: dict[str, object] = {"exp": ISSUED + 600, "iat": ISSUED, name: value}

    with pytest.raises(IdTokenError, match="no exp or iat"):
        check_times(times, now=NOON)


@pytest.mark.parametrize(("name", "refused"), [("iat", "future"), ("exp", "expired")])
def test_a_time_of_any_size_is_compared(name: str, refused: str) -> None:
    times = {"exp": ISSUED + 600, "iat": ISSUED, name: 10**400 if name == "iat" else -(10**400)}

    with pytest.raises(IdTokenError, match=refused):
        check_times(times, now=NOON)
