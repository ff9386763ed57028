"""Takes a user through sign-in, refresh and vends on Amazon's engine, and notes what each step costs.

`tests.benchmarks.units` runs it by pytest, whose fixtures install the functions; UNITS_TO names the file for the notes.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from le_auth.adapters.grant_items import key_of
from tests.support.capacity import CapacityMeter
from tests.support.installation import ACCOUNT, INTERVAL
from tests.support.item_size import item_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.browser import Browser
    from tests.support.installation import Installation

REFRESH_TOKENS = {"typical": 300, "longest seen": 700}
"""Hexadecimal characters."""
BATCH = 100


@pytest.fixture
def token_table(table_on_dynamodb_local: str) -> str:
    return table_on_dynamodb_local


@pytest.fixture
def notes() -> Iterator[dict[str, Any]]:
    """What was noted up to here; it is written when the step is over."""
    path = Path(os.environ["UNITS_TO"])
    notes: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"units": {}, "bytes": {}}
    yield notes
    path.write_text(json.dumps(notes))


@pytest.fixture
def meter(installation: Installation) -> Iterator[CapacityMeter]:
    installation.simulator.settings.refresh_token_length = REFRESH_TOKENS["longest seen"]
    with CapacityMeter(client=installation.table.client) as meter:
        yield meter


def test_units(browser: Browser, installation: Installation, meter: CapacityMeter, notes: dict[str, Any]) -> None:
    def note(step: str) -> None:
        notes["units"][step] = asdict(meter.read_off())

    browser.sign_in()
    note("a user's first sign-in")
    browser.sign_in()
    note("a later sign-in")
    user = installation.sign_in("2002")
    installation.go_on(INTERVAL)
    meter.read_off()
    assert installation.work(installation.due(user)) == []
    note("refresh")
    vend(installation, user.user_id)
    note("token for the back end, fresh")
    installation.go_on(timedelta(hours=1))
    installation.work(installation.due(user))
    meter.read_off()
    vend(installation, user.user_id)
    note("token for the back end, fresh, its use noted")
    installation.go_on(INTERVAL)
    vend(installation, user.user_id)
    note("token for the back end, refreshed on the spot")


def vend(installation: Installation, user_id: str) -> None:
    assert "access_token" in installation.invoke("access_token", {"account_id": ACCOUNT, "user_id": user_id})


@pytest.mark.parametrize("kind", REFRESH_TOKENS)
def test_bytes_of_an_item(installation: Installation, notes: dict[str, Any], kind: str) -> None:
    installation.simulator.settings.refresh_token_length = REFRESH_TOKENS[kind]
    user = installation.sign_in("1234567")
    installation.go_on(INTERVAL)
    assert installation.work(installation.due(user)) == []

    table = installation.table
    item: Any = table.client.get_item(TableName=table.name, Key=key_of(user.pk))["Item"]
    notes["bytes"][f"a user's item, refresh token of {REFRESH_TOKENS[kind]} characters ({kind})"] = item_size(item)


def test_bytes_of_the_log(
    browser: Browser, installation: Installation, notes: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def note(step: str, times: int = 1) -> None:
        notes["bytes"][f"log of {step}"] = len(capsys.readouterr().out.encode()) / times

    users = [installation.sign_in(str(1_000_000 + number)) for number in range(BATCH)]
    installation.go_on(INTERVAL)
    records = installation.due(*users)
    assert len(records) == BATCH
    capsys.readouterr()
    assert installation.work(records) == []
    note("a refresh, in a full batch", BATCH)
    vend(installation, users[0].user_id)
    note("a token for the back end")
    browser.sign_in()
    note("a sign-in")
