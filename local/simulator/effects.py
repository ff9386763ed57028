"""What a fault makes of an answer, and the pieces in which the answer is sent."""

import json
from dataclasses import dataclass

from local.simulator.faults import Fault
from local.simulator.web import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An answer as bytes.

    Args:
        pieces: sent one after the other; none: the connection is closed without an answer.
        pause: seconds before each piece but the first.
        closes: whether the connection is closed after the last.
    """

    pieces: list[bytes]
    pause: float = 0.0
    closes: bool = False


def alter(answer: Answer, fault: Fault) -> None:
    """Change what the answer says."""
    if answer.fields is not None:
        _alter_fields(answer.fields, fault)
    token = answer.id_token
    if token is None:
        return
    if fault.kind in {"other-user", "id-claims", "id-signature"}:
        token.sent = True
    if fault.kind == "other-user":
        token.claims["sub"] = fault.user_id
    elif fault.kind == "id-claims":
        for name, value in fault.claims.items():
            _set_or_remove(token.claims, name, value)
    elif fault.kind == "id-signature":
        token.signature = fault.value or "none"
    elif "id_token" in fault.names or ("id_token" in fault.fields and fault.fields["id_token"] is None):
        token.sent = False


def _alter_fields(fields: dict[str, object], fault: Fault) -> None:
    if fault.kind == "fields":
        for name, value in fault.fields.items():
            _set_or_remove(fields, name, value)
    elif fault.kind == "missing-fields":
        for name in fault.names:
            fields.pop(name, None)
    elif fault.kind == "empty-refresh-token":
        fields["refresh_token"] = ""
    elif fault.kind == "token-type":
        fields["token_type"] = fault.value


def _set_or_remove(fields: dict[str, object], name: str, value: object) -> None:
    if value is None:
        fields.pop(name, None)
    else:
        fields[name] = value


def refused_by(fault: Fault) -> Answer:
    """Answer with the status that a fault orders."""
    text = json.dumps({"error": "simulated"}) if fault.body is None else fault.body
    if fault.status in {204, 304}:
        text = ""
    headers = dict(fault.headers)
    content_type = headers.pop("Content-Type", "application/json")
    return Answer(status=fault.status, text=text, content_type=content_type, headers=headers)


def pack(answer: Answer, fault: Fault | None = None) -> Delivery:
    """Write an answer out, as the fault has it."""
    body = answer.body()
    kind = fault.kind if fault is not None else None
    if fault is None:
        pass
    elif kind == "malformed-body":
        body = body[: len(body) // 2]
    elif kind == "oversized-body":
        body = _pad(body, fault.size)
    elif kind == "wrong-content":
        body = (fault.body if fault.body is not None else "<!DOCTYPE html><title>Maintenance</title>").encode()
        answer.content_type = fault.content_type
    head = answer.head(len(body))
    if kind == "truncated-body":
        return Delivery(pieces=[head + body[: len(body) // 2]], closes=True)
    if fault is not None and kind == "slow":
        return Delivery(pieces=_cut(head + body, fault.chunk), pause=fault.seconds)
    return Delivery(pieces=[head + body])


def _pad(body: bytes, size: int) -> bytes:
    """Grow a JSON object to a size, or anything else by blanks; it can still be read."""
    if not body.startswith(b"{"):
        return body.ljust(size)
    return b'{"padding": "' + b"x" * max(0, size - len(body) - 15) + b'", ' + body[1:]


def _cut(data: bytes, chunk: int) -> list[bytes]:
    return [data[start : start + chunk] for start in range(0, len(data), chunk)]
