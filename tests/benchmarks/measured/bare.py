"""The same requests as a function's, with the same libraries, and nothing around them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import boto3
import requests
from botocore.config import Config
from le_auth.adapters import aws
from requests.adapters import HTTPAdapter

CREDENTIALS = {"client_id": "75588e18-0213-4e33-8174-883acac7e3c4", "client_secret": "canary-app-install-secret"}
TOKEN_PATH = "/sentinel/api/account/le12345678/app/token?v=2.0"


def seen(invoke: Callable[[], object]) -> list[dict]:
    """Give the parameters of the calls of DynamoDB that an invocation makes."""
    noted: list[dict] = []

    def note(params: dict, **_: object) -> None:
        noted.append(params)

    events = aws.dynamodb().meta.events
    events.register("provide-client-params.dynamodb", note)
    invoke()
    events.unregister("provide-client-params.dynamodb", note)
    return noted


def callback(sent: list[dict]) -> Callable[[], object]:
    """Two writes and one POST."""
    client, session = clients()
    state, tokens = sent
    form = {
        "grant_type": "authorization_code",
        "code": "c" * 64,
        "redirect_uri": "https://auth.example.com/callback",
        **CREDENTIALS,
    }

    def call() -> None:
        client.put_item(**state)
        session.post(client.meta.endpoint_url + TOKEN_PATH, data=form, timeout=10).json()
        client.update_item(**tokens)

    return call


def read(sent: list[dict]) -> Callable[[], object]:
    """One consistent read."""
    client, _ = clients()
    (asked,) = sent
    return lambda: client.get_item(**asked)


def refreshes(sent: list[dict], *, count: int, threads: int) -> Callable[[], object]:
    """A batch of two writes and one POST each."""
    client, session = clients()
    lease, save = sent
    form = {"grant_type": "refresh_token", "refresh_token": "r" * 700, **CREDENTIALS}

    def refresh(_: int) -> None:
        client.update_item(**lease)
        session.post(client.meta.endpoint_url + TOKEN_PATH, data=form, timeout=10).json()
        client.update_item(**save)

    def loop() -> None:
        with ThreadPoolExecutor(threads) as executor:
            list(executor.map(refresh, range(count)))

    return loop


def clients() -> tuple:
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_maxsize=64))
    return boto3.client("dynamodb", config=Config(max_pool_connections=64)), session
