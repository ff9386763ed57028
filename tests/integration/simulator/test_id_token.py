from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from local.simulator import Simulator
from tests.integration.simulator.sentinel_client import APP, Client


def read(simulator: Simulator, id_token: str) -> jwt.Token:
    return jwt.decode(id_token, RSAKey.import_key(simulator.public_key_pem), algorithms=["RS256"])


def exchange(client: Client, user_id: str = "1001") -> str:
    id_token: str = client.exchange(client.issue_code(user_id)).json()["id_token"]
    return id_token


def test_it_says_who_signed_in_for_whom_and_until_when(client: Client, simulator: Simulator) -> None:
    token = read(simulator, exchange(client))

    now = int(simulator.clock.now().timestamp())
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": "idtoken-24-11-05"}
    assert token.claims == {
        "sub": "1001",
        "aud": APP,
        "iss": "Sentinel",
        "iat": now,
        "exp": now + 600,
        "is_admin": True,
        "is_lpa": False,
    }


@pytest.mark.parametrize(
    ("user_id", "is_admin", "is_lpa"), [("1002", False, False), ("1003", False, True), ("4711", False, False)]
)
def test_it_says_what_the_user_may_do(
    client: Client, simulator: Simulator, user_id: str, is_admin: bool, is_lpa: bool
) -> None:
    claims = read(simulator, exchange(client, user_id)).claims

    assert (claims["sub"], claims["is_admin"], claims["is_lpa"]) == (user_id, is_admin, is_lpa)


def test_the_issuers_spelling_can_be_chosen(client: Client, simulator: Simulator) -> None:
    simulator.settings.issuer = "sentinel"

    assert read(simulator, exchange(client)).claims["iss"] == "sentinel"


@pytest.mark.parametrize("signature", ["none", "HS256", "foreign-key"])
def test_a_fault_makes_a_signature_that_does_not_hold(client: Client, simulator: Simulator, signature: str) -> None:
    simulator.faults.order("token-code", "id-signature", value=signature)

    with pytest.raises((JoseError, ValueError)):
        read(simulator, exchange(client))

    assert read(simulator, exchange(client)).claims["sub"] == "1001"


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"claims": {"aud": "canary"}}, {"aud": "canary"}),
        ({"claims": {"exp": None, "iss": "evil"}}, {"exp": None, "iss": "evil"}),
    ],
)
def test_a_fault_changes_claims(
    client: Client, simulator: Simulator, details: dict[str, Any], expected: dict[str, Any]
) -> None:
    simulator.faults.order("token-code", "id-claims", **details)

    claims = read(simulator, exchange(client)).claims

    assert {name: claims.get(name) for name in expected} == expected


def test_a_fault_names_another_user_also_at_a_refresh(client: Client, simulator: Simulator) -> None:
    simulator.faults.order("token-refresh", "other-user", user_id="666")

    answer = client.refresh(client.issue_refresh_token())

    assert read(simulator, answer.json()["id_token"]).claims["sub"] == "666"
