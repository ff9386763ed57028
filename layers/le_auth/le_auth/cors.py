"""Front ends of other origins: whose scripts may read our answers (Fetch Standard, CORS protocol).

We answer this ourselves: API Gateway's own CORS would replace these headers. All that front ends call are requests that
browsers send without asking first, so there is no OPTIONS route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from le_auth.web import Answer


def share(answer: Answer, headers: Mapping[str, str], *, trusted: frozenset[str]) -> Answer:
    """Let the script that asks read the answer, cookies sent, if its origin is a trusted one.

    Args:
        headers: of the request, by lower-case name.
        trusted: origins as browsers write them.
    """
    origin = headers.get("origin", "")
    added = {"Vary": "Origin"}
    if origin in trusted:
        added |= {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
    return {**answer, "headers": {**answer["headers"], **added}}
