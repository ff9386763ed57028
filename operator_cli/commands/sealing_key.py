"""`sealing-key`: change the key that seals tokens and sessions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from le_auth.adapters.secret_store import CachedSecret, SealingKeys
from le_auth.settings import read_idle
from operator_cli.errors import OperatorError
from operator_cli.options import command
from operator_cli.output import count_of, day, epoch
from operator_cli.sealing_keys import LONGEST_REST, add_key, drop_key, read_keys

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.secret import Secret
    from operator_cli.run import Run
    from operator_cli.sealing_keys import SealingKey

_HEADS = ("KEY", "ADDED", "TOKENS", "MAY BE DROPPED")


@click.group("sealing-key", short_help="Change the key that seals tokens and sessions.")
def sealing_key() -> None:
    """Change the key that seals tokens and sessions. No key is ever shown."""


@command("list")
def list_keys(run: Run) -> None:
    """List the keys, how many users' tokens each seals, and when it may be dropped."""
    keys = _read(run)
    sealed = _count_sealed(run)
    run.out.table(_HEADS, [_row(run, key, sealed) for key in keys])
    run.out.document({"stack": run.stack.name, "keys": [_entry(key, sealed[key.key_id]) for key in keys]})


@command("add")
def add(run: Run) -> None:
    """Add a new key in front: new values use it at once, live tokens follow within an interval."""
    _store(run, add_key(_read(run), now=run.now))
    keys = _read(run)
    run.out.say(f"Added key {keys[0].key_id}. Functions notice within five minutes.")
    for key in keys[1:]:
        run.out.say(f"Key {key.key_id} may be dropped {_when(run, key)}.")
    run.out.document({"stack": run.stack.name, "keys": [_entry(key) for key in keys]})


@command("drop")
@click.argument("key_id", metavar="KEY")
@click.option("--force", is_flag=True, help="Drop it all the same: whose tokens it seals must sign in again.")
def drop(run: Run, key_id: str, *, force: bool) -> None:
    """Drop an old KEY when nothing needs it any more."""
    keys = _read(run)
    key = next((key for key in keys if key.key_id == key_id), None)
    if key is None:
        raise OperatorError(f"There is no key {key_id}.", reason="unknown_key", remedy="`sealing-key list` names them.")
    if key.is_newest:
        raise OperatorError("The newest key seals everything.", reason="key_in_use", remedy="Add a new one first.")
    if not force:
        _require_droppable(run, key)
    _store(run, drop_key(keys, key_id))
    run.out.say(f"Dropped key {key_id}.")
    run.out.document({"stack": run.stack.name, "dropped": key_id})


sealing_key.add_command(list_keys)
sealing_key.add_command(add)
sealing_key.add_command(drop)


def _require_droppable(run: Run, key: SealingKey) -> None:
    if key.droppable_at is None or run.now < key.droppable_at:
        raise OperatorError(f"Key {key.key_id} may be dropped {_when(run, key)}.", reason="key_in_use")
    sealed = _count_sealed(run)[key.key_id]
    if sealed:
        raise OperatorError(
            f"Key {key.key_id} seals the tokens of {count_of(sealed, 'user')} who have been idle since.",
            reason="key_in_use",
            remedy="--force drops it all the same: they have to sign in again.",
        )


def _cached(run: Run) -> CachedSecret:
    return CachedSecret(client=run.clients.secretsmanager, arn=run.stack.output("SealingKeySecretArn"))


def _read(run: Run) -> list[SealingKey]:
    keyring = SealingKeys(secret=_cached(run)).get(now=run.now)
    return read_keys(keyring.keys, idle=read_idle(run.stack.environment()))


def _store(run: Run, text: Secret) -> None:
    arn = run.stack.output("SealingKeySecretArn")
    run.clients.secretsmanager.put_secret_value(SecretId=arn, SecretString=text.reveal())


def _count_sealed(run: Run) -> Counter[str]:
    counts: Counter[str] = Counter()
    with run.out.progress("Users read") as advance:
        for page in run.users.scan():
            counts.update(record.key_id for record in page if record.key_id is not None)
            advance(len(page))
    return counts


def _when(run: Run, key: SealingKey) -> str:
    if key.droppable_at is not None:
        return f"from {day(key.droppable_at)} on"
    idle = read_idle(run.stack.environment())
    if idle is None:
        return "never, since IdleDays is 0"
    return f"{(idle + LONGEST_REST).days} days after the next newer key was added; its id does not tell when that was"


def _row(run: Run, key: SealingKey, sealed: Counter[str]) -> list[str]:
    added: datetime | None = key.added_at
    dropped = "" if key.is_newest else _when(run, key)
    return [key.key_id, "" if added is None else day(added), f"{sealed[key.key_id]:,}", dropped]


def _entry(key: SealingKey, sealed: int | None = None) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "added_at": epoch(key.added_at),
        "droppable_at": epoch(key.droppable_at),
        "seals_new_values": key.is_newest,
        "tokens": sealed,
    }
