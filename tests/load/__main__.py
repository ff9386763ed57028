"""`make load`: many sign-ins and refreshes on the local stack, a fault at every 20th request, and nothing lost.

    make load [USERS=500] [REFRESHES=5000]

All of it stays on loopback. It ends with figures, and with exit code 1 where anything was lost.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console

from local.runner.errors import RunError
from local.runner.options import Options
from local.runner.places import PROJECT, Places
from local.runner.ports import free_port
from local.runner.progress import Told
from local.runner.signals import StopAskedError, stopping_on_signals
from local.runner.stack import running_stack
from tests.load.livepersons_side import EVERY, LivePersonsSide, told
from tests.load.traffic import Traffic, make_users
from tests.load.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.load.livepersons_side import Seen

MOST_USERS, MOST_REFRESHES = 5_000, 50_000


@dataclass(slots=True)
class Watch:
    """Tells what goes on, and how long it took."""

    progress: Told
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        begun = time.monotonic()
        with self.progress.step(what):
            yield
        self.seconds[what] = time.monotonic() - begun


def main() -> int:
    console = Console(highlight=False, soft_wrap=True)
    try:
        users, refreshes = (
            read_number("USERS", 500, most=MOST_USERS),
            read_number("REFRESHES", 5000, most=MOST_REFRESHES),
        )
        with suppress(StopAskedError), stopping_on_signals():
            return run(console, users, refreshes)
    except RunError as error:
        console.print(str(error), markup=False)
    return 1


def read_number(name: str, usual: int, *, most: int) -> int:
    text = os.environ.get(name, "").strip() or str(usual)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
        raise RunError(f"{name} must be a number from 1 to {most}, not {text!r}")
    return int(text)


def run(console: Console, users: int, refreshes: int) -> int:
    """Load a stack of this run's own; gives the exit code."""
    progress = Told(console)
    places = Places(state=PROJECT / ".local" / "load")
    with running_stack(Options(port=free_port()), places, progress) as stack:
        liveperson = LivePersonsSide(stack.simulator_url or "")
        traffic = Traffic(stack=stack, liveperson=liveperson, users=make_users(users))
        liveperson.order_faults("token-code", users // EVERY)
        watch = Watch(progress)
        with watch.step("sign-ins"):
            attempts = traffic.sign_everybody_in()
        liveperson.clear_faults()
        liveperson.order_faults("token-refresh", 2 * refreshes // EVERY)
        with watch.step("refreshes"):
            rounds = traffic.refresh(refreshes)
        loaded = liveperson.seen("token-refresh")
        liveperson.clear_faults()
        with watch.step("waiting until the last retry and grace is over"):
            traffic.settle()
        with watch.step("one more refresh of everybody, without faults"):
            traffic.send_for_everybody()
            traffic.settle()
        tell(console, watch, liveperson.seen("token-code"), loaded, users=users, attempts=attempts, rounds=rounds)
        return conclude(console, traffic, liveperson)


def tell(
    console: Console, watch: Watch, exchanged: Seen, refreshed: Seen, *, users: int, attempts: int, rounds: int
) -> None:
    signing_in, refreshing, succeeded = watch.seconds["sign-ins"], watch.seconds["refreshes"], refreshed.succeeded
    for line in (
        "",
        f"{users} sign-ins in {signing_in:.0f} s: {users / signing_in:.1f}/s, in {attempts} attempts",
        f"  faults: {told(exchanged)}",
        f"{succeeded} refreshes in {refreshing:.0f} s: {succeeded / refreshing:.1f}/s, in {rounds} rounds",
        f"  faults: {told(refreshed)}",
    ):
        console.print(line, markup=False)


def conclude(console: Console, traffic: Traffic, liveperson: LivePersonsSide) -> int:
    """Tell whether anything was lost; gives the exit code."""
    answers_lost = liveperson.users_whose_answers_were_lost()
    verdict = judge(traffic.standings(), answers_lost=answers_lost)
    peak, peak_of_a_grant = liveperson.highest_concurrency()
    reuses = liveperson.seen("token-refresh").reuses
    for line in (
        f"At once: at most {peak} requests at the token endpoint, {peak_of_a_grant} of one user",
        f"Old tokens presented: {reuses}, where an answer had been lost",
        f"Live at the end: {verdict.live} of {len(traffic.users)}",
        f"Reported as rotation_lost: {len(verdict.reported)}, of {len(answers_lost)} whose answer was lost on its way",
        f"Lost: {len(verdict.lost)}",
        *(f"  {words}" for words in verdict.lost),
    ):
        console.print(line, markup=False)
    return 1 if verdict.lost or peak_of_a_grant > 1 or reuses > len(answers_lost) else 0


if __name__ == "__main__":
    sys.exit(main())
