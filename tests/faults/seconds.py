"""How long things last, written out: a test that took these times from the code would not notice that they change.

Source: docs/reliability.md, "What holds"; design, refresh invariants 1 and 4.
"""

from __future__ import annotations

from datetime import timedelta

CLOCKS_DIFFER = timedelta(seconds=60)
LEASE = timedelta(seconds=120)
LEASE_AND_GRACE = timedelta(seconds=210)
"""After an attempt of unknown end nothing is sent for so long."""
SHORTEST_GRACE = timedelta(seconds=149)
"""The same by two clocks that differ, and in whole seconds."""
OVER = timedelta(seconds=212)
"""Longer than a lease and a grace."""
LOOKED_UP_AGAIN = timedelta(seconds=65)
"""After a look-up at the Domain API that failed, by clocks that differ; until then a process may not even try."""
YOUNG = timedelta(hours=1)
"""Two intervals: a token that was refreshed less than this ago serves while no fresh one can be had."""
