"""`python -m tests.model [word ...]`: explore everything, and show what each rule is for.

With words, only the rules whose names contain one of them.
"""

from __future__ import annotations

import sys
from time import perf_counter

from tests.model.mutations import ASSUMPTIONS, MUTATIONS, SECOND_LINES
from tests.model.report import describe
from tests.model.rules import Setting
from tests.model.scenarios import DEEP, SOUND
from tests.model.search import explore


def main(words: list[str]) -> int:
    fallen = 0 if words else _explore_sound()
    for mutation in (*MUTATIONS, *SECOND_LINES, *ASSUMPTIONS):
        if words and not any(word in mutation.name for word in words):
            continue
        found = explore(mutation.setting)
        fallen += not found.violation
        say(describe(mutation, found) if found.violation else f"{mutation.name}: NOT FOUND", "")
    return min(fallen, 1)


def _explore_sound() -> int:
    fallen = 0
    for scenario in (*SOUND, *DEEP):
        began = perf_counter()
        found = explore(Setting(scenario=scenario))
        fallen += bool(found.violation)
        verdict = found.violation or "every property holds"
        say(f"{len(found.met):8,} states {perf_counter() - began:6.1f} s  {scenario.name}: {verdict}")
    say("")
    return fallen


def say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
