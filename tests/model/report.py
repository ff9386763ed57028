"""What a search found, in words."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tests.model.state import Lease, State, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.mutations import Mutation
    from tests.model.search import Found
    from tests.model.state import Item


def describe(mutation: Mutation, found: Found) -> str:
    """Tell how a property falls, step by step, and what each step changes."""
    lines = [
        f"without {' and '.join(mutation.without)}:" if mutation.without else "with all rules, an assumption fails:",
        f"  {mutation.then}",
        f"  ({mutation.within.name}; {len(found.met)} states until then)",
    ]
    lines += [
        f"  {number:3} {label:85} {'; '.join(_changes(before, after))}".rstrip()
        for number, ((_, before), (label, after)) in enumerate(pairwise(found.trace), start=1)
    ]
    return "\n".join(lines)


def _changes(before: State, after: State) -> Iterator[str]:
    if _item(before.item) != _item(after.item):
        yield f"table: {_item(after.item)}"
    if before.rescues != after.rescues:
        yield f"queue: {', '.join(str(rescue.token) for rescue in after.rescues) or 'empty'}"
    for number, grant in enumerate(after.grants):
        if number >= len(before.grants) or grant[:2] != before.grants[number][:2]:
            yield f"Sentinel: g{number} {f'takes r{grant.current}' if grant.live else 'is void'}"


def _item(item: Item) -> str:
    facts = [item.status.value, f"generation {item.generation}", str(item.token or "no token")]
    if item.lease is not Lease.OVER:
        facts.append("a grace runs" if item.lease is Lease.GRACE else "a lease runs")
    if item.unsettled:
        facts.append(f"unsettled {item.unsettled}")
    if item.grace_given:
        facts.append("grace given")
    if item.status is Status.ACTIVE and not item.slot:
        facts.append("no slot")
    return ", ".join(facts)
