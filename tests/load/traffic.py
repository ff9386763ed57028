"""Sign-ins and refreshes in numbers, on a deployed stack."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from le_auth.adapters.secret_store import CachedSecret, SealingKeys
from le_auth.adapters.token_table import TokenTable
from le_auth.domain.users import User
from local.runner.errors import RunError
from local.runner.options import SIMULATED_ACCOUNT
from tests.load.person import Person
from tests.load.verdict import Standing
from tests.support.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from le_auth.adapters.sealing import Keyring
    from local.runner.stack import Stack
    from tests.load.livepersons_side import LivePersonsSide

PEOPLE_AT_ONCE = 16
TRIES = 5
_BATCH = 10
_LOOK_AGAIN = 1.0
_ROUND_SECONDS = 120.0
_SETTLE_SECONDS = 900.0
"""A grace takes 210 s, and a message that meets another's lease comes back after 120 s."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Loads a stack and looks at what it stored."""

    stack: Stack
    liveperson: LivePersonsSide
    users: Sequence[User]

    # ---- sign-ins ----

    def sign_everybody_in(self) -> int:
        """Sign everybody in, again where it failed; gives how many attempts that took.

        Raises:
            RunError: somebody cannot sign in.
        """
        with ThreadPoolExecutor(PEOPLE_AT_ONCE) as threads:
            return sum(threads.map(self._sign_in, self.users))

    def _sign_in(self, user: User) -> int:
        for attempt in range(1, TRIES + 1):
            if Person(base_url=self.stack.base_url, name=user.user_id).sign_in():
                return attempt
        raise RunError(f"{user.user_id} could not sign in, though {TRIES} times tried")

    # ---- refreshes ----

    def refresh(self, wanted: int) -> int:
        """Send messages for everybody, round by round, until so many refreshes have succeeded; gives the rounds.

        Raises:
            RunError: it takes twice the rounds that it would without faults.
        """
        for rounds in range(2 * wanted // len(self.users) + 2):
            if self.liveperson.seen("token-refresh").succeeded >= wanted:
                return rounds
            self.send_for_everybody()
            self._wait_for_a_lull()
        raise RunError(f"There are fewer than {wanted} refreshes, though twice as many were asked for")

    def send_for_everybody(self) -> None:
        """Put a message for each user into RefreshQueue, due in the next second: whatever is stored is older."""
        due_at = int(time.time()) + 1
        bodies = [json.dumps({"pk": user.pk, "due_at": due_at}) for user in self.users]
        for start in range(0, len(bodies), _BATCH):
            entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies[start:][:_BATCH])]
            answer = self._aws.sqs.send_message_batch(QueueUrl=self._queue("RefreshQueueUrl"), Entries=entries)  # type: ignore[arg-type]
            if answer.get("Failed"):
                raise RunError("The emulator did not take all messages")

    def _wait_for_a_lull(self) -> None:
        """Wait until no message can be received and none has been worked off for a while; the rest waits by itself."""
        deadline, before = time.monotonic() + _ROUND_SECONDS, -1
        while (waiting := self._waiting("RefreshQueueUrl"))[0] or sum(waiting) != before:
            self._require_time(deadline)
            before = sum(waiting)
            time.sleep(_LOOK_AGAIN)

    def settle(self) -> None:
        """Wait until both queues are empty: retries, graces and rescues included.

        Raises:
            RunError: it takes longer than any of them may.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        while any(sum(self._waiting(name)) for name in ("RefreshQueueUrl", "RescueQueueUrl")):
            self._require_time(deadline)
            time.sleep(_LOOK_AGAIN)

    def _require_time(self, deadline: float) -> None:
        self.stack.require_running()
        if time.monotonic() > deadline:
            raise RunError(
                f"It takes too long: messages of RefreshQueue, waiting and hidden: {self._waiting('RefreshQueueUrl')}"
            )

    def _waiting(self, name: str) -> tuple[int, int]:
        """Give how many messages of a queue can be received, and how many cannot yet."""
        told = self._aws.sqs.get_queue_attributes(QueueUrl=self._queue(name), AttributeNames=["All"])["Attributes"]
        cannot_yet = int(told["ApproximateNumberOfMessagesNotVisible"]) + int(
            told["ApproximateNumberOfMessagesDelayed"]
        )
        return int(told["ApproximateNumberOfMessages"]), cannot_yet

    # ---- what is stored ----

    def standings(self) -> list[Standing]:
        with ThreadPoolExecutor(PEOPLE_AT_ONCE) as threads:
            return list(threads.map(self._standing, self.users))

    def _standing(self, user: User) -> Standing:
        grant = self._table.find(user)
        if grant is None:
            return Standing(user_id=user.user_id, status=None, reason=None, is_live=False)
        is_live = False
        if grant.sealed is not None:
            _, refresh_token = self._keyring.open_tokens(grant.sealed, user=user)
            digest = hashlib.sha256(refresh_token.reveal().encode()).hexdigest()
            is_live = self.liveperson.token_state(digest) == "live"
        return Standing(user_id=user.user_id, status=grant.status, reason=grant.last_error, is_live=is_live)

    @cached_property
    def _table(self) -> TokenTable:
        return TokenTable(client=self._aws.dynamodb, name=self.stack.deployed.outputs["TokenTableName"])

    @cached_property
    def _keyring(self) -> Keyring:
        arn = self.stack.deployed.outputs["SealingKeySecretArn"]
        keys = SealingKeys(secret=CachedSecret(client=self._aws.secretsmanager, arn=arn))
        return keys.get(now=datetime.now(UTC))

    @cached_property
    def _aws(self) -> Emulator:
        return Emulator(self.stack.aws.endpoint)

    def _queue(self, name: str) -> str:
        return self.stack.deployed.outputs[name]


def make_users(count: int) -> list[User]:
    return [User(account_id=SIMULATED_ACCOUNT, user_id=str(8_000_000 + number)) for number in range(count)]
