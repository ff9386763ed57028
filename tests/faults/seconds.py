"""How long things last, written out: a test that took these times from the code would not notice that they change.

Source: docs/reliability.md, "What holds"; design, refresh invariants 1 and 4.
"""

from __future__ import annotations

from datetime import timedelta

SHORTEST_GRACE = timedelta(seconds=149)
"""A lease of 120 s and a grace of 90 s, less 60 s by which clocks may differ, and in whole seconds."""
OVER = timedelta(seconds=212)
"""Longer than a lease and a grace."""
LOOKED_UP_AGAIN = timedelta(seconds=65)
"""After a look-up at the Domain API that failed, by clocks that differ; until then a process may not even try."""
YOUNG = timedelta(hours=1)
"""Two intervals: a token that was refreshed less than this ago serves while no fresh one can be had."""
