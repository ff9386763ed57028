"""Point 22: the id token says who signed in, so whatever is wrong with it ends the sign-in."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from le_auth.adapters.signatures import SignatureCheck
from le_auth.domain.id_token import read_identity
from tests.support.breaks import broken_by
from tests.support.installation import APP, NOON, OTHER_APP

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.id_token import Identity
    from tests.support.browser import Browser
    from tests.support.installation import Installation

SECONDS = int(NOON.timestamp())


def finishes_with(installation: Installation, browser: Browser, fault: str, **details: Any) -> bool:
    """Tell whether a sign-in whose id token is changed so comes to its end; if it does not, nothing is stored."""
    installation.simulator.faults.order("token-code", fault, **details)
    status = browser.visit(browser.come_back())["statusCode"]
    stored = [pk for pk in installation.items() if "state#" not in pk]
    assert (status, stored) in {400: (400, []), 303: (303, ["le12345678#1001"])}.values()
    return bool(status == 303)


def with_any(claim: str, good: str) -> Callable[..., Identity]:
    """Check an id token as if this claim were right."""
    return lambda claims, **options: read_identity({**claims, claim: good}, **options)


READ_IDENTITY = "le_auth.adapters.sentinel.read_identity"


@broken_by("any iss", {READ_IDENTITY: with_any("iss", "Sentinel")})
def test_point_22_the_issuer_is_sentinel(installation: Installation, browser: Browser) -> None:
    for iss in ("Sentine1", "https://Sentinel", "Sentinel ", "", None, 7, ["Sentinel"], {"Sentinel": 1}):
        assert not finishes_with(installation, browser, "id-claims", claims={"iss": iss}), iss
    for iss in ("Sentinel", "sentinel", "SENTINEL"):
        assert finishes_with(installation, browser, "id-claims", claims={"iss": iss}), iss


@broken_by("any aud", {READ_IDENTITY: with_any("aud", APP)})
def test_point_22_the_audience_is_this_application_alone(installation: Installation, browser: Browser) -> None:
    for aud in (OTHER_APP, APP.upper(), f"{APP} ", [APP, OTHER_APP], [OTHER_APP, APP], [], "", None, {APP: 1}, [[APP]]):
        assert not finishes_with(installation, browser, "id-claims", claims={"aud": aud}), aud
    assert finishes_with(installation, browser, "id-claims", claims={"aud": [APP]})


CHECK_TIMES = "le_auth.adapters.sentinel.check_times"
SKEW = "le_auth.domain.id_token.CLOCK_SKEW"


@broken_by("not checked", {CHECK_TIMES: lambda *_, **__: None})
@broken_by("three minutes of skew", {SKEW: timedelta(minutes=3)})
@broken_by("no skew", {SKEW: timedelta()})
def test_point_22_exp_and_iat_are_checked_within_two_minutes(installation: Installation, browser: Browser) -> None:
    for claims in (
        {"exp": SECONDS - 121},
        {"iat": SECONDS + 121},
        {"exp": None},
        {"iat": None},
        {"exp": True},
        {"exp": str(SECONDS + 600)},
        {"exp": [SECONDS + 600]},
        {"iat": "now"},
        {"iat": float(SECONDS)},
    ):
        assert not finishes_with(installation, browser, "id-claims", claims=claims), claims
    assert finishes_with(installation, browser, "id-claims", claims={"exp": SECONDS - 119})
    assert finishes_with(installation, browser, "id-claims", claims={"iat": SECONDS + 119})


@broken_by("any sub", {"le_auth.domain.id_token.USER_ID": re.compile(r"(?s).*")})
def test_point_22_the_subject_is_a_user_id_that_cannot_be_taken_for_another_key(
    installation: Installation, browser: Browser
) -> None:
    for sub in ("1001#1002", "state#x", "", None, 7, ["1001"], "1" * 65, "1001\n", "..", "\u0661"):
        assert not finishes_with(installation, browser, "id-claims", claims={"sub": sub}), sub


CHECK_SIGNATURE = "le_auth.adapters.signatures.SignatureCheck.__call__"


def lets_through(algorithm: str) -> Callable[[SignatureCheck, str], None]:
    """Check signatures, but for one algorithm that the id token itself names."""
    check = SignatureCheck.__call__

    def check_others(self: SignatureCheck, id_token: str) -> None:
        header = json.loads(base64.urlsafe_b64decode(id_token.partition(".")[0] + "=="))
        if header["alg"] != algorithm:
            check(self, id_token)

    return check_others


@broken_by("not checked", {CHECK_SIGNATURE: lambda *_: None})
@broken_by("alg none", {CHECK_SIGNATURE: lets_through("none")})
@broken_by("alg HS256", {CHECK_SIGNATURE: lets_through("HS256")})
def test_point_22_where_a_key_is_configured_other_signatures_and_algorithms_are_refused(
    installation: Installation, browser: Browser
) -> None:
    installation.configure(IdTokenPublicKey=installation.simulator.public_key_pem)
    for value in ("none", "HS256", "foreign-key"):
        assert not finishes_with(installation, browser, "id-signature", value=value), value
    assert finishes_with(installation, browser, "id-claims", claims={"is_admin": False})
