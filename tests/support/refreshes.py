"""Refreshes and tokens as LivePerson sees them, and refreshes whose tokens the table did not take."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from le_auth.domain.users import User
    from local.simulator import TokenState
    from tests.support.installation import Installation, Record


def refreshes(installation: Installation) -> int:
    """Count what LivePerson was asked."""
    return installation.simulator.journal.counts().get("token-refresh", 0)


def token_at_liveperson(installation: Installation, token: str) -> TokenState | None:
    """Give LivePerson's word on a token; None where it knows none such."""
    return installation.simulator.grants.find_token(hashlib.sha256(token.encode()).hexdigest(), installation.now)


def keys_of(records: Iterable[Record]) -> list[str]:
    """Name the users of scheduled messages by their keys in the table."""
    return [json.loads(record["body"])["pk"] for record in records]


@contextmanager
def refresh_under_way(
    installation: Installation, records: Sequence[Record], *, held: Literal["before", "after"] = "before"
) -> Iterator[None]:
    """Have the worker wait for LivePerson's answer while the block runs, and do its batch then.

    Args:
        held: whether LivePerson has processed the request by then.
    """
    go_on = Event()
    fault = installation.simulator.faults.order("token-refresh", "delay", until=go_on, when=held)
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(installation.work, records)
        assert fault.reached.wait(10)
        try:
            yield
        finally:
            go_on.set()
        assert working.result() == []


def refresh_unsaved(installation: Installation, *users: User) -> list[Record]:
    """Have tokens refreshed that the table does not take; gives the rescues."""
    fault = installation.calls.order("UpdateItem", containing=":replaced")
    assert installation.work(installation.due(*users)) == []
    fault.times = 0
    return installation.receive_rescues()


def live_grants(installation: Installation) -> int:
    """Count the grants that LivePerson holds good."""
    return sum(grant.live for grant in installation.simulator.grants.all())
