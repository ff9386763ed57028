"""What the functions ask of AWS, written down, and faults that can be ordered for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

type Kind = Literal["error", "lost-answer", "meanwhile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCall:
    """One call, whatever number of requests it took."""

    service: str
    operation: str
    params: dict[str, Any]
    capacity: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class AwsFault:
    """What happens to the requests of an operation.

    Args:
        kind: `error`: refused with this code; `lost-answer`: done, but the connection breaks before the answer;
            `meanwhile`: no fault at all, but `then` comes first.
        times: how many requests it meets; None: all.
        containing: only requests whose body has this text.
        then: called as soon as a request meets it.
    """

    operation: str
    kind: Kind
    code: str = "InternalServerError"
    status: int = 500
    times: int | None = None
    containing: str = ""
    then: Callable[[], object] | None = None
    met: int = 0


class AwsCalls:
    """Listens to clients while it is open."""

    def __init__(self, clients: Sequence[Any]) -> None:
        self.made: list[AwsCall] = []
        self._faults: list[AwsFault] = []
        self._clients = clients
        self._lock = Lock()
        for client in clients:
            client.meta.events.register("before-parameter-build", self._note)
            client.meta.events.register("before-send", self._meet, unique_id=self._name(client))

    def close(self) -> None:
        for client in self._clients:
            client.meta.events.unregister("before-parameter-build", self._note)
            client.meta.events.unregister("before-send", self._meet, unique_id=self._name(client))

    def order(self, operation: str, kind: Kind = "error", **details: Any) -> AwsFault:
        """Order a fault; see AwsFault."""
        fault = AwsFault(operation=operation, kind=kind, **details)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget the calls made so far, and the faults."""
        self.made.clear()
        self._faults.clear()

    @property
    def operations(self) -> list[str]:
        return [call.operation for call in self.made]

    def of(self, operation: str) -> list[AwsCall]:
        return [call for call in self.made if call.operation == operation]

    @staticmethod
    def _name(client: Any) -> str:
        return f"aws-calls-{client.meta.service_model.service_name}"

    def _note(self, params: dict[str, Any], model: Any, **_: object) -> None:
        with self._lock:
            service = model.service_model.service_name
            self.made.append(AwsCall(service=service, operation=model.name, params=dict(params)))

    def _meet(self, request: Any, event_name: str, **_: object) -> AWSResponse | None:
        fault = self._claim(event_name.rpartition(".")[2], request)
        if fault is None:
            return None
        if fault.then is not None:
            fault.then()
        if fault.kind == "meanwhile":
            return None
        if fault.kind == "error":
            return _refusal(request.url, fault)
        self._send(event_name, request)
        raise ConnectionClosedError(endpoint_url=request.url)

    def _claim(self, operation: str, request: Any) -> AwsFault | None:
        with self._lock:
            for fault in self._faults:
                spent = fault.times is not None and fault.met >= fault.times
                if fault.operation == operation and not spent and fault.containing in _text(request.body):
                    fault.met += 1
                    return fault
        return None

    def _send(self, event_name: str, request: Any) -> None:
        service = event_name.split(".")[1]
        client = next(client for client in self._clients if client.meta.service_model.service_id.hyphenize() == service)
        client._endpoint.http_session.send(request)


def _text(body: Any) -> str:
    return body.decode(errors="replace") if isinstance(body, bytes) else str(body)


def _refusal(url: str, fault: AwsFault) -> AWSResponse:
    body = json.dumps({"__type": fault.code, "message": "ordered by a test"}).encode()
    return AWSResponse(url, fault.status, HTTPHeaders(), Body(body))


@dataclass(slots=True)
class Body:
    """As much of urllib3's answer as botocore reads."""

    content: bytes
    data: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.data = self.content

    def stream(self, **_: object) -> list[bytes]:
        return [self.content]
