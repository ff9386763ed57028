from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from le_auth.adapters.domain_api import DomainApi
from le_auth.adapters.pinned_sentinel import PinnedSentinel
from le_auth.adapters.http import BrokenError, HttpAnswer, NotSentError
from le_auth.domain.sentinel_api import SentinelHostRule
from le_auth.errors import DomainApiUnavailableError, SentinelHostError
from tests.support.makers import ACCOUNT, NOON, OTHER_ACCOUNT, SENTINEL

if TYPE_CHECKING:
    from le_auth.adapters.http import HttpClient

HOST = "lo.sentinel.liveperson.net"
HOUR, DAY, MINUTE, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
GOOD = {"service": "sentinel", "account": ACCOUNT, "baseURI": HOST}


@dataclass
class FakeHttp:
    """Answers look-ups in turn: content as JSON, bytes as they are, a number as a status, or an error."""

    answers: deque[object] = field(default_factory=deque)
    urls: list[str] = field(default_factory=list)

    def get(self, url: str, *, deadline: float) -> HttpAnswer:
        assert deadline == 5.0
        self.urls.append(url)
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return HttpAnswer(status=answer, headers={}, body=b"")
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return HttpAnswer(status=200, headers={}, body=body)


@dataclass
class LookUps:
    """A Domain API and the HTTP behind it."""

    http: FakeHttp = field(default_factory=FakeHttp)

    def __post_init__(self) -> None:
        self.api = DomainApi(
            base="https://api.liveperson.net",
            rule=SentinelHostRule(suffixes=(".liveperson.net",), local=False),
            make_http=lambda: cast("HttpClient", self.http),
        )

    def find(self, *, after: timedelta = timedelta(), account_id: str = ACCOUNT) -> str:
        return self.api.find(account_id, now=NOON + after).host

    def answers(self, *answers: object) -> None:
        self.http.answers.extend(answers)


@pytest.fixture
def look_ups() -> LookUps:
    return LookUps()


def test_the_accounts_sentinel_is_looked_up_by_https(look_ups: LookUps) -> None:
    look_ups.answers(GOOD)

    assert look_ups.find() == HOST
    assert look_ups.http.urls == [
        f"https://api.liveperson.net/api/account/{ACCOUNT}/service/sentinel/baseURI.json?version=1.0"
    ]


def test_a_list_of_services_is_understood_too(look_ups: LookUps) -> None:
    look_ups.answers({"baseURIs": [{"service": "agentVep", "baseURI": "x.liveperson.net"}, GOOD]})

    assert look_ups.find() == HOST


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"\xff",
        b"[" * 50_000,
        [],
        "text",
        1.5,
        None,
        {},
        {"baseURIs": []},
        {"baseURIs": None},
        {"baseURIs": ["x"]},
        {"service": "Sentinel", "baseURI": HOST},
        {"service": "sentinel"},
        GOOD | {"baseURI": None},
    ],
)
def test_an_answer_that_names_no_sentinel_is_for_later(look_ups: LookUps, answer: object) -> None:
    look_ups.answers(answer)

    with pytest.raises(DomainApiUnavailableError):
        look_ups.find()


FAILURES = [NotSentError("x"), BrokenError("x"), 400, 401, 404, 500, 302]


@pytest.mark.parametrize("failure", FAILURES)
def test_without_an_earlier_look_up_a_failure_is_for_later(look_ups: LookUps, failure: object) -> None:
    look_ups.answers(failure)

    with pytest.raises(DomainApiUnavailableError):
        look_ups.find()


@pytest.mark.parametrize("host", ["evil.example", "lo.sentinel.liveperson.net:443", "lo.liveperson.net.evil.example"])
def test_point_12_a_host_that_is_not_allowed_is_for_an_operator(look_ups: LookUps, host: str) -> None:
    look_ups.answers(GOOD | {"baseURI": host})

    with pytest.raises(SentinelHostError):
        look_ups.find()


def test_a_look_up_is_good_for_an_hour(look_ups: LookUps) -> None:
    look_ups.answers(GOOD, GOOD | {"baseURI": "va.sentinel.liveperson.net"})

    assert [look_ups.find(after=after) for after in (timedelta(), HOUR - SECOND)] == [HOST, HOST]
    assert look_ups.find(after=HOUR) == "va.sentinel.liveperson.net"


@pytest.mark.parametrize("failure", FAILURES)
def test_a_look_up_is_used_for_a_day_while_the_domain_api_fails(look_ups: LookUps, failure: object) -> None:
    look_ups.answers(GOOD, failure, failure, failure)
    look_ups.find()

    assert [look_ups.find(after=after) for after in (HOUR, DAY)] == [HOST, HOST]
    with pytest.raises(DomainApiUnavailableError):
        look_ups.find(after=DAY + MINUTE)


def test_a_failing_domain_api_is_asked_again_after_a_minute_only(look_ups: LookUps) -> None:
    look_ups.answers(GOOD, 500, GOOD)
    look_ups.find()

    for after in (timedelta(), 59 * SECOND, MINUTE, 30 * MINUTE):
        assert look_ups.find(after=HOUR + after) == HOST
    assert len(look_ups.http.urls) == 3


def test_what_is_known_waits_for_no_failing_look_up_of_another_account(look_ups: LookUps) -> None:
    look_ups.answers(GOOD, GOOD, NotSentError("x"))
    look_ups.find()
    look_ups.find(account_id="other")

    assert [look_ups.find(account_id=account, after=HOUR + SECOND) for account in (ACCOUNT, "other")] == [HOST, HOST]
    assert len(look_ups.http.urls) == 3


def test_callers_that_waited_for_a_failing_look_up_do_not_repeat_it_one_by_one(look_ups: LookUps) -> None:
    look_ups.answers(NotSentError("x"), GOOD)

    for after in (timedelta(), 4 * SECOND):
        with pytest.raises(DomainApiUnavailableError):
            look_ups.find(after=after)
    assert len(look_ups.http.urls) == 1
    assert look_ups.find(after=5 * SECOND) == HOST


def test_each_account_has_its_own_sentinel(look_ups: LookUps) -> None:
    look_ups.answers(GOOD, GOOD | {"baseURI": "va.sentinel.liveperson.net"})

    assert look_ups.find() == HOST
    assert look_ups.find(account_id=OTHER_ACCOUNT) == "va.sentinel.liveperson.net"
    assert look_ups.find() == HOST


def test_a_pinned_sentinel_serves_every_account() -> None:
    pinned = PinnedSentinel(sentinel=SENTINEL)

    assert pinned.find(ACCOUNT, now=NOON) == pinned.find(OTHER_ACCOUNT, now=NOON) == SENTINEL
