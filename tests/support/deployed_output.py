"""All that a deployed system has let out by the end of its tests, for the search for secrets.

Its functions run in other processes, so what is secret there is told by what tests meet: the beginning that the
simulator gives to all codes and tokens, what Secrets Manager holds, the states and cookies of the browsers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Request

    from tests.support.canaries import Watch
    from tests.support.emulator import Emulator

TOKEN_PREFIX = "ca9a2b7d41f8e6530c9b17d2a4e86f5b3d07c1e94a6285fb"
OUR_COOKIES = "__Host-le-"


def follow(context: BrowserContext, watch: Watch) -> None:
    """Note the states that a browser sends."""

    def note(request: Request) -> None:
        for state in parse_qs(urlsplit(request.url).query).get("state", []):
            watch.keep("state", state)

    context.on("request", note)


def note_cookies(context: BrowserContext, watch: Watch) -> None:
    for cookie in context.cookies():
        if cookie["name"].startswith(OUR_COOKIES):
            watch.keep("cookie", cookie["value"])


def collect_output(emulator: Emulator, *, table: str, logs: Path, watch: Watch) -> None:
    """Note the secrets that are stored, and all log groups, items, messages, dead letters, and processes' own logs."""
    watch.keep("code or token", TOKEN_PREFIX)
    _note_secrets(emulator, watch)
    _note_log_groups(emulator, watch)
    _note_items(emulator, table, watch)
    _note_messages(emulator, watch)
    for log in logs.glob("*.log"):
        watch.emit(f"log of the process {log.stem}", log.read_text(errors="replace"))


def _note_secrets(emulator: Emulator, watch: Watch) -> None:
    for secret in emulator.secretsmanager.list_secrets()["SecretList"]:
        stored: Any = emulator.secretsmanager.get_secret_value(SecretId=secret["ARN"])
        watch.asked_of_aws("PutSecretValue", {"SecretString": stored["SecretString"]})


def _note_log_groups(emulator: Emulator, watch: Watch) -> None:
    for groups in emulator.logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            name = group["logGroupName"]
            for page in emulator.logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                for event in page["events"]:
                    watch.emit("log groups", event["message"])


def _note_items(emulator: Emulator, table: str, watch: Watch) -> None:
    for page in emulator.dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            watch.asked_of_aws("items", {"Item": item})


def _note_messages(emulator: Emulator, watch: Watch) -> None:
    """Read every queue to its end: those of the stack, their dead letters, and the one that catches events."""
    pages = emulator.sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 1000})
    for url in (url for page in pages for url in page.get("QueueUrls", [])):
        name = url.rpartition("/")[2]
        while messages := emulator.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                watch.asked_of_aws(f"queue {name}", {"MessageBody": message["Body"]})
