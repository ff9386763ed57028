"""Lambda's Invoke, as a function that calls another one meets it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class FakeLambda:
    """Calls a function in this process.

    Args:
        answer: from payload to result; what it raises is the call's failure.
        breaks: the function called breaks, so that Lambda answers with its error.
    """

    answer: Callable[[Any], Any]
    breaks: bool = False
    invoked: list[tuple[str, Any]] = field(default_factory=list)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        payload = json.loads(Payload)
        self.invoked.append((FunctionName, payload))
        result = self.answer(payload)
        if self.breaks:
            error = {"errorMessage": "canary-text-of-an-error", "errorType": "KeyError"}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": BytesIO(json.dumps(error).encode())}
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(result).encode())}
