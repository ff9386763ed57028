"""The cold start of a function: from its first import to its first answer.

Python looks for garbage again and again while objects get more. A function that starts makes tens of thousands
and drops next to none, so the search is in vain and a tenth of the time that a person waits. It begins with the first
answer, and passes over what was there by then. So that it covers the imports too, a function imports this module first.
"""

from __future__ import annotations

import gc
from functools import cache

gc.disable()


@cache
def end() -> None:
    """End the cold start; called with every answer, the first one counts."""
    gc.freeze()
    gc.enable()
