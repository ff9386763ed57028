"""A run on one machine may hold the real AppInstall secret: no web page open in that machine's browser gets at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.emulator import Emulator

READ = {
    "X-Amz-Target": "secretsmanager.GetSecretValue",
    "Content-Type": "application/x-amz-json-1.1",
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20990309/us-east-1/secretsmanager/aws4_request, "
    "SignedHeaders=host, Signature=00",
}


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def question(emulator: Emulator) -> Iterator[dict[str, str]]:
    """Who asks so without a browser gets the secret: the emulator does not check the signature of a key named test."""
    arn = emulator.make_secret("read-by-a-page", "canary-0d4f61c8e27b935a")
    yield {"SecretId": arn}
    emulator.secretsmanager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_without_a_browser_the_emulator_answers(
    emulator: Emulator, browser: requests.Session, question: dict[str, str]
) -> None:
    answer = browser.post(emulator.endpoint, json=question, headers=READ, timeout=10)

    assert (answer.status_code, "SecretString" in answer.json()) == (200, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8400"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.evil.example"},
        {"Host": "127.0.0.1.evil.example:4566"},
        {"Host": "localhost.evil.example"},
        {"Host": "anything.execute-api.localhost", "Origin": "https://evil.example"},
        {"Host": "ABCDEF12.execute-api.localhost", "Origin": "https://evil.example"},
    ],
)
def test_a_web_page_reads_no_secret_out_of_it(
    emulator: Emulator, browser: requests.Session, question: dict[str, str], headers: dict[str, str]
) -> None:
    answer = browser.post(emulator.endpoint, json=question, headers={**READ, **headers}, timeout=10)

    assert (answer.status_code, "SecretString" in answer.text) == (403, False)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_browsers_question_whether_a_page_may_ask_is_refused(emulator: Emulator, browser: requests.Session) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    assert browser.options(emulator.endpoint, headers=asked, timeout=10).status_code == 403


@pytest.mark.parametrize("host", ["anything.execute-api.localhost", "ABCDEF12.execute-api.localhost"])
def test_nor_may_it_ask_under_a_name_that_only_looks_like_an_apis(
    emulator: Emulator, browser: requests.Session, host: str
) -> None:
    asked = {"Host": host, "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    assert browser.options(emulator.endpoint, headers=asked, timeout=10).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/_ministack/sqs/messages"), ("GET", "/_aws/execute-api/abcdef12/x"), ("POST", "/_ministack/config")],
)
def test_the_emulators_own_paths_are_not_open_under_the_apis_name(
    emulator: Emulator, browser: requests.Session, method: str, path: str
) -> None:
    headers = {"Host": "abcdef12.execute-api.localhost", "Origin": "https://evil.example"}

    assert browser.request(method, f"{emulator.endpoint}{path}", headers=headers, timeout=10).status_code == 403


def test_the_api_itself_is_for_browsers(emulator: Emulator, browser: requests.Session) -> None:
    host = "abcdef12.execute-api.localhost"

    answer = browser.get(emulator.endpoint, headers={"Host": host, "Origin": "null"}, timeout=10)

    assert answer.status_code == 404  # there is none of that id
