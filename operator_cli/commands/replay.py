"""`replay`: give dead letters another try."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from operator_cli.dead_letters import DeadLetterQueue
from operator_cli.options import FAILED, command
from operator_cli.output import count_of

if TYPE_CHECKING:
    from operator_cli.run import Run

_NAMES = {"rescue": "RescueQueue", "refresh": "RefreshQueue"}


@command("replay", short_help="Give dead letters another try.")
@click.argument("queue", type=click.Choice([*_NAMES]))
def replay(run: Run, queue: str) -> int:
    """Move the dead letters of RescueQueue or RefreshQueue back, when what broke them is mended.

    Rotated tokens (rescue) are then written where the user's record has not moved on, and dropped otherwise. Scheduled
    messages (refresh) are dropped where they are older than an interval: the user's next one has come since.
    """
    dead_letters = DeadLetterQueue.of(run.clients.sqs, run.stack.output(f"{_NAMES[queue]}Url"))
    waiting = dead_letters.count()
    moved = 0
    if waiting:
        with run.out.progress("Messages moved", total=waiting) as advance:
            moved = dead_letters.move_back(advance, run.surroundings.pause)
        run.out.say(f"Moved {count_of(moved, 'dead letter')} back; the worker takes them at once.")
    else:
        run.out.say(f"{_NAMES[queue]} has no dead letters.")
    run.out.document({"stack": run.stack.name, "queue": queue, "found": waiting, "moved": moved})
    return 0 if moved else FAILED
