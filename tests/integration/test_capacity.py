"""What the steps of a user's life cost in DynamoDB's capacity units, counted by Amazon's own engine.

The tokens are the longest that were seen, so that no item of a live installation is larger.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.capacity import CapacityMeter, Units
from tests.support.installation import ACCOUNT, INTERVAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.browser import Browser
    from tests.support.installation import Installation

LONGEST_REFRESH_TOKEN = 700


@pytest.fixture
def token_table(table_on_dynamodb_local: str) -> str:
    return table_on_dynamodb_local


@pytest.fixture
def meter(installation: Installation) -> Iterator[CapacityMeter]:
    installation.simulator.settings.refresh_token_length = LONGEST_REFRESH_TOKEN
    with CapacityMeter(client=installation.table.client) as meter:
        yield meter


def test_a_sign_in_writes_two_items_and_the_first_one_enters_the_index(browser: Browser, meter: CapacityMeter) -> None:
    browser.sign_in()
    assert meter.read_off() == Units(written=2, written_to_indexes=1)

    browser.sign_in()
    assert meter.read_off() == Units(written=2)


def test_a_refresh_takes_two_write_units_and_neither_reads_nor_touches_the_index(
    installation: Installation, meter: CapacityMeter
) -> None:
    user = installation.sign_in()
    installation.go_on(INTERVAL)
    meter.read_off()

    assert installation.work(installation.due(user)) == []

    assert installation.simulator.journal.counts()["token-refresh"] == 1
    assert meter.read_off() == Units(written=2)


def test_a_token_that_is_fresh_costs_one_read_and_its_use_is_noted_once_an_hour(
    installation: Installation, meter: CapacityMeter
) -> None:
    user = installation.sign_in()
    meter.read_off()

    vend(installation, user.user_id)
    assert meter.read_off() == Units(read=1)

    installation.go_on(timedelta(hours=1))
    installation.work(installation.due(user))
    meter.read_off()
    vend(installation, user.user_id)
    assert meter.read_off() == Units(read=1, written=1)

    vend(installation, user.user_id)
    assert meter.read_off() == Units(read=1)


def test_a_token_that_is_stale_costs_one_read_and_a_refresh(installation: Installation, meter: CapacityMeter) -> None:
    user = installation.sign_in()
    installation.go_on(INTERVAL)
    meter.read_off()

    vend(installation, user.user_id)

    assert meter.read_off() == Units(read=1, written=2)


def vend(installation: Installation, user_id: str) -> None:
    assert "access_token" in installation.invoke("access_token", {"account_id": ACCOUNT, "user_id": user_id})
