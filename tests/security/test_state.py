"""Points 2, 3, 9 and 10: the state, its cookie and the PKCE verifier."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from le_auth import web
from le_auth.domain import transactions
from le_auth.domain.secret import Secret
from le_auth.domain.transactions import Transaction
from le_auth.errors import TransactionExpiredError
from tests.support.answers import cookies_of
from tests.support.breaks import broken_by
from tests.support.browser import parameters
from tests.support.installation import ACCOUNT, Installation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from tests.security.conftest import Sent
    from tests.support.browser import Browser

ANYTHING = re.compile(".*")


# ---- 2: drawn at random, and stored as a hash ----


def counted_up() -> Callable[[], Secret]:
    numbers = iter(range(10**9))
    return lambda: Secret(f"{next(numbers):043d}")


def drawn_from(bits: int) -> Callable[[], Secret]:
    def draw() -> Secret:
        few = random.SystemRandom().getrandbits(bits).to_bytes(32)
        return Secret(base64.urlsafe_b64encode(few).rstrip(b"=").decode())

    return draw


@broken_by("a counter", {"le_auth.domain.transactions.new_random": counted_up()})
@broken_by("120 bits", {"le_auth.domain.transactions.new_random": drawn_from(120)})
def test_point_02_at_least_128_bits_of_the_state_are_random(browser: Browser) -> None:
    states = [base64.urlsafe_b64decode(parameters(browser.launch())["state"] + "=") for _ in range(64)]
    varying = 0
    for state in states:
        varying |= int.from_bytes(state) ^ int.from_bytes(states[0])

    assert len(set(states)) == 64
    assert varying.bit_count() >= 128, "a random bit stays the same in 64 states once in 2**63 cases"


def predictable() -> Secret:
    return Secret(base64.urlsafe_b64encode(random.randbytes(32)).rstrip(b"=").decode())  # noqa: S311 - that is the break


@broken_by("Python's own generator", {"le_auth.domain.transactions.new_random": predictable})
def test_point_02_the_state_does_not_come_from_a_generator_that_can_be_seeded(browser: Browser) -> None:
    states = []
    for _ in range(2):
        random.seed(7)
        states.append(parameters(browser.launch())["state"])

    assert states[0] != states[1]


STATE_IN_CLEAR = {
    "le_auth.domain.transactions.hash_state": lambda state: state.reveal(),
    "le_auth.domain.transactions._STATE_HASH": ANYTHING,
}


@broken_by("in clear", STATE_IN_CLEAR)
def test_point_02_the_browsers_cookie_holds_a_hash_of_the_state(browser: Browser) -> None:
    state = parameters(browser.launch())["state"]
    ((name, value),) = browser.cookies.items()

    assert state not in base64.urlsafe_b64decode(value + "==").decode()
    assert state[:8] not in name


@broken_by("in clear", STATE_IN_CLEAR)
def test_point_02_the_table_holds_a_hash_of_the_state(installation: Installation, browser: Browser) -> None:
    callback = browser.come_back()
    browser.visit(callback)

    stored = json.dumps(installation.items(), default=repr)
    assert "state#" in stored
    assert parameters(callback)["state"] not in stored


# ---- 3: bound to the browser ----


def cookie_without(attribute: str) -> Callable[..., str]:
    def cookie(name: str, value: Any, *, lifetime: timedelta, embedded: bool) -> str:
        text = value if isinstance(value, str) else value.reveal()
        same_site = "SameSite=None; Partitioned" if embedded else "SameSite=Lax"
        whole = f"{name}={text}; Max-Age={int(lifetime.total_seconds())}; Path=/; Secure; HttpOnly; {same_site}"
        return whole.replace(f"; {attribute}", "")

    return cookie


def attributes_in_a_sign_in(browser: Browser) -> dict[str, set[str]]:
    """Give the attributes of the cookies that a sign-in sets, with whatever name and attributes they come."""
    launched = browser.installation.invoke("launch", browser.event("/launch"))
    ((name, (value, attributes)),) = cookies_of(launched).items()
    browser.cookies[name] = value
    finished = browser.installation.invoke("callback", browser.event(browser.log_in(launched["headers"]["Location"])))
    return {name: attributes, **{each: found for each, (value, found) in cookies_of(finished).items() if value}}


@broken_by("no Secure", {"le_auth.web.cookie": cookie_without("Secure")})
@broken_by("no HttpOnly", {"le_auth.web.cookie": cookie_without("HttpOnly")})
@broken_by("no SameSite", {"le_auth.web.cookie": cookie_without("SameSite=Lax")})
@broken_by("transaction without __Host-", {"le_auth.domain.transactions.COOKIE_PREFIX": "le-tx-"})
@broken_by("session without __Host-", {"le_auth.domain.sessions.COOKIE": "le-session"})
def test_point_03_cookies_are_bound_to_this_host_and_kept_from_scripts_and_other_sites(browser: Browser) -> None:
    cookies = attributes_in_a_sign_in(browser)

    assert len(cookies) == 2
    for name, attributes in cookies.items():
        assert name.startswith("__Host-")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= attributes
        assert not any(attribute.startswith("Domain") for attribute in attributes)


@broken_by("not partitioned", {"le_auth.web.cookie": cookie_without("Partitioned")})
@broken_by("SameSite left out", {"le_auth.web.cookie": cookie_without("SameSite=None")})
def test_point_03_embedded_in_liveengage_they_are_partitioned(installation: Installation, browser: Browser) -> None:
    installation.configure(EmbeddedInLiveEngage="true")

    for attributes in attributes_in_a_sign_in(browser).values():
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=None", "Partitioned"} <= attributes


def whoever_brings_the_state(_: object, *, state: Secret, now: datetime) -> Transaction:
    state_hash = transactions.hash_state(state)
    return Transaction(state_hash=state_hash, account_id=ACCOUNT, return_to=None, issued_at=now)


def whichever_cookie(cookies: Mapping[str, str], **_: object) -> Transaction:
    return Transaction.read(next(iter(cookies.values())))


@broken_by("no cookie is asked for", {"le_auth.domain.sign_in.find_transaction": whoever_brings_the_state})
@broken_by("any transaction's cookie serves", {"le_auth.domain.sign_in.find_transaction": whichever_cookie})
def test_point_03_a_callback_works_only_in_the_browser_that_began_it(
    installation: Installation, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    callback, other = browser.come_back(), new_browser()
    other.launch()

    assert other.visit(callback)["statusCode"] == 400
    assert "token-code" not in installation.simulator.journal.counts()
    assert installation.items() == {}


STRIPPED = web.read_cookies


def strips_whatever_python_takes_for_space(event: Any) -> dict[str, str]:
    cookies = [str(part).strip() for part in event.get("cookies", ())]
    return STRIPPED({**event, "cookies": cookies})


@broken_by("any space is stripped", {"le_auth.web.read_cookies": strips_whatever_python_takes_for_space})
@pytest.mark.parametrize("space", ["\x85", "\xa0", "\u2000", "\u3000", "\x1f", "\x0b"])
def test_point_03_a_cookie_whose_name_only_looks_like_ours_is_not_ours(
    browser: Browser, new_browser: Callable[[], Browser], space: str
) -> None:
    """A browser lets a neighbouring host set a name that begins with such a space: it does not begin with `__Host-`."""
    attacker = new_browser()
    callback = attacker.come_back()
    browser.cookies = {f"{space}{name}": value for name, value in attacker.cookies.items()}
    assert browser.visit(callback)["statusCode"] == 400

    attacker.sign_in()
    browser.cookies = {f"{space}{name}": value for name, value in attacker.cookies.items()}

    assert browser.visit("/session")["statusCode"] == 401


# ---- 9: compared in constant time ----


def find_by_equals(cookies: Mapping[str, str], *, state: Secret, **_: object) -> Transaction:
    transaction = Transaction.read(cookies[transactions.cookie_name(transactions.hash_state(state))])
    if transaction.state_hash != transactions.hash_state(state):
        raise TransactionExpiredError
    return transaction


@broken_by("by ==", {"le_auth.domain.sign_in.find_transaction": find_by_equals})
def test_point_09_the_state_is_compared_in_constant_time(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    callback = browser.come_back()
    state_hash = transactions.hash_state(Secret(parameters(callback)["state"])).encode()
    compared = note_comparisons(monkeypatch)

    assert browser.visit(callback)["statusCode"] == 303

    assert (state_hash, state_hash) in compared


@broken_by("by ==", {"le_auth.domain.secret.Secret.__eq__": lambda a, b: a.reveal() == b.reveal()})
def test_point_09_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = note_comparisons(monkeypatch)

    assert Secret("one") != Secret("two")

    assert compared == [(b"one", b"two")]


def note_comparisons(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    compared: list[tuple[Any, Any]] = []
    compare = hmac.compare_digest

    def note(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", note)
    return compared


# ---- 10: PKCE, where it is switched on ----


def one_verifier_for_all() -> Callable[[], Secret]:
    draws = iter(range(10**9))
    draw = transactions.new_random
    return lambda: draw() if next(draws) % 2 == 0 else Secret("v" * 43)


@broken_by("the plain method", {"le_auth.domain.transactions.code_challenge": lambda verifier: verifier.reveal()})
@broken_by("one verifier for all", {"le_auth.domain.transactions.new_random": one_verifier_for_all()})
def test_point_10_each_transaction_has_a_verifier_of_its_own_and_sends_its_hash(
    installation: Installation, browser: Browser, sent: list[Sent]
) -> None:
    installation.configure(UsePkce="true")
    locations = [browser.launch() for _ in range(2)]
    for location in locations:
        browser.visit(browser.log_in(location))

    verifiers = [request.form["code_verifier"] for request in sent if "code" in request.form]
    challenges = [parameters(location)["code_challenge"] for location in locations]
    assert len(set(verifiers)) == 2
    assert challenges == [transactions._base64url(sha256(verifier)) for verifier in verifiers]
    assert [parameters(location)["code_challenge_method"] for location in locations] == ["S256", "S256"]


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
