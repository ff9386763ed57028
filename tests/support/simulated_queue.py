"""RefreshQueue as SQS keeps it: visibility, receive counts, dead letters."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from tests.support.simulated_time import END_OF_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from le_auth.domain.ports import Clock
    from le_auth.domain.scheduled import DueToken
    from le_auth.domain.users import User


@dataclass(slots=True, eq=False)
class Message:
    """A message in the queue.

    Args:
        visible_at: from when it can be received.
    """

    body: str
    due: DueToken
    visible_at: datetime
    receives: int = 0


@dataclass(slots=True, kw_only=True)
class SimulatedQueue:
    """A standard queue with a dead-letter queue.

    Args:
        visibility: how long a received message stays hidden.
        most_receives: received once more, it becomes a dead letter.
        lives: a message that is older is dropped by whoever receives it.
    """

    clock: Clock
    visibility: timedelta
    most_receives: int
    lives: timedelta
    dead: list[Message] = field(default_factory=list)
    receives: Counter[int] = field(default_factory=Counter)
    most_live: int = 0
    _messages: dict[User, list[Message]] = field(default_factory=lambda: defaultdict(list))
    _order: list[tuple[datetime, int, Message]] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def send(self, messages: Sequence[DueToken]) -> None:
        now = self.clock()
        for due in messages:
            message = Message(body=due.write(), due=due, visible_at=now)
            self._messages[due.user].append(message)
            self._put(message, now)
            live = sum(now - other.due.due_at < self.lives for other in self._messages[due.user])
            self.most_live = max(self.most_live, live)

    def receive(self, most: int) -> list[Message]:
        """Take visible messages, at most so many; they are hidden until they are deleted or come back."""
        now, received = self.clock(), list[Message]()
        while self._order and self._order[0][0] <= now and len(received) < most:
            visible_at, _, message = heappop(self._order)
            if message.visible_at != visible_at:
                continue  # it was hidden anew, or deleted
            if message.receives == self.most_receives:
                self.delete(message)
                self.dead.append(message)
                continue
            message.receives += 1
            self._put(message, now + self.visibility)
            received.append(message)
        return received

    def hide(self, message: Message, pause: timedelta) -> None:
        """Let a received message come back after a pause, in whole seconds."""
        self._put(message, self.clock() + timedelta(seconds=math.ceil(pause.total_seconds())))

    def delete(self, message: Message) -> None:
        self._messages[message.due.user].remove(message)
        self.receives[message.receives] += 1
        message.visible_at = END_OF_TIME

    def __len__(self) -> int:
        return sum(len(messages) for messages in self._messages.values())

    def _put(self, message: Message, visible_at: datetime) -> None:
        message.visible_at = visible_at
        heappush(self._order, (visible_at, next(self._numbers), message))
