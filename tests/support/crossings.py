"""Every call that leaves a function's process, in one numbered line, and a fault that strikes at one of them.

In the same line stands each invocation's beginning. AWS calls are caught in botocore, those to LivePerson in our HTTP
client. A call counts once, however often botocore repeats its request.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from threading import local
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from le_auth.adapters.http import BrokenError, HttpClient, NotSentError
from tests.support.aws_calls import Body
from tests.support.call_faults import INVOKED, LIVEPERSON_FAULTS, NEVER_ARRIVES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from local.simulator import Simulator


class Killed(BaseException):
    """The process is gone; nothing but `finally` runs any more."""


class Fate(Protocol):
    """What decides which faults strike."""

    def fault_at(self, number: int, call: str) -> str | None:
        """Name the fault that strikes at this crossing; None: none does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A fault at one crossing.

    Args:
        at: number of the crossing, from 0.
        name: of the fault, one of AWS_FAULTS, LIVEPERSON_FAULTS or the happenings.
    """

    at: int
    name: str

    def fault_at(self, number: int, call: str) -> str | None:
        assert call
        return self.name if number == self.at else None


@dataclass(kw_only=True)
class Crossings:
    """The line of calls; records their names, and lets the ordered fault strike.

    Args:
        struck: calls, and the faults that struck at them.
        outages: AWS operations that fail, and LivePerson's endpoints that cannot be reached, until `end`.
        meanwhile: what somebody else does, once, just before a call of that name or number.
        happenings: by their names, what strikes like a fault, but happens before the call and leaves it as it is.
        lasting: gives the time that passes in a call of this name with this fault.
    """

    simulator: Simulator
    names: list[str] = field(default_factory=list)
    strikes: tuple[Fate, ...] = ()
    struck: list[tuple[str, str]] = field(default_factory=list)
    outages: set[str] = field(default_factory=set)
    meanwhile: dict[str | int, Callable[[], object]] = field(default_factory=dict)
    happenings: dict[str, Callable[[], object]] = field(default_factory=dict)
    lasting: Callable[[str, str], timedelta] = lambda _call, _fault: timedelta()
    _clients: dict[str, Any] = field(default_factory=dict)
    _thread: Any = field(default_factory=local)

    def watch(self, clients: Sequence[Any], monkeypatch: pytest.MonkeyPatch) -> None:
        """Listen until the test ends."""
        for client in clients:
            service = client.meta.service_model.service_name
            self._clients[client.meta.service_model.service_id.hyphenize()] = client
            client.meta.events.register("before-parameter-build", self._begin, unique_id=f"crossings-begin-{service}")
            client.meta.events.register_first("before-send", self._send, unique_id=f"crossings-{service}")
        monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
        monkeypatch.setattr("le_auth.adapters.event_bus.Thread", _AtOnce)
        crossings, send = self, HttpClient._send

        def cross(client: HttpClient, method: str, url: str, form: Any, deadline: float) -> Any:
            return crossings._call(_endpoint(url, form), lambda: send(client, method, url, form, deadline))

        monkeypatch.setattr(HttpClient, "_send", cross)

    def forget(self, clients: Sequence[Any]) -> None:
        for client in clients:
            service = client.meta.service_model.service_name
            client.meta.events.unregister("before-parameter-build", unique_id=f"crossings-begin-{service}")
            client.meta.events.unregister("before-send", unique_id=f"crossings-{service}")

    def start(self, *strikes: Fate) -> None:
        """Count anew, and let these strike."""
        self.names, self.strikes, self.struck = [], strikes, []

    def invoked(self, function: str) -> None:
        """Hear of an invocation that begins."""
        self._claim(f"{INVOKED}{function}")

    def failed_throughout(self) -> set[str]:
        """Name the AWS operations of which one kind of call was struck every time, and never reached AWS."""
        made = Counter(self.names)
        failed = Counter(call for call, fault in self.struck if fault in NEVER_ARRIVES)
        return {call.partition(" ")[0] for call, times in made.items() if failed[call] == times}

    def end(self) -> None:
        """From now on nothing fails."""
        self.strikes = ()
        self.outages.clear()
        self.meanwhile.clear()
        self.simulator.faults.clear()

    # ---- AWS ----

    def _begin(self, model: Any, params: dict[str, Any], **_: object) -> None:
        name = _aws_name(model.name, params)
        fault = self._claim(name)  # what happens meanwhile may be calls too
        self._thread.fault, self._thread.requests = fault, 0
        if fault == "killed before":
            raise Killed
        if fault == "out for good":
            self.outages.add(model.name)

    def _send(self, request: Any, event_name: str, **_: object) -> AWSResponse | None:
        service, operation = event_name.split(".")[1:3]
        if self._is_out(operation):
            return _refused(request.url, "InternalServerError", 500)
        fault, self._thread.requests = self._thread.fault, self._thread.requests + 1
        match fault:
            case "fails once" if self._thread.requests == 1:
                return _refused(request.url, "InternalServerError", 500)
            case "fails":
                return _refused(request.url, "InternalServerError", 500)
            case "denied":
                return _refused(request.url, "AccessDeniedException", 400)
            case "throttled":
                return _refused(request.url, "ThrottlingException", 400)
            case "times out":
                raise ReadTimeoutError(endpoint_url=request.url)
            case "answer lost once" if self._thread.requests == 1:
                self._really(service, request)
                raise ConnectionClosedError(endpoint_url=request.url)
            case "answer lost":
                self._really(service, request)
                raise ConnectionClosedError(endpoint_url=request.url)
            case "killed after":
                self._really(service, request)
                raise Killed
            case _:
                return None

    def _is_out(self, operation: str) -> bool:
        return operation in self.outages

    def _really(self, service: str, request: Any) -> None:
        answer = self._clients[service]._endpoint.http_session.send(request)
        assert answer.content is not None

    # ---- LivePerson ----

    def _call(self, name: str, send: Callable[[], Any]) -> Any:
        fault = self._claim(name)
        if fault == "killed before":
            raise Killed
        if fault == "not sent" or self._is_out(name):
            raise NotSentError
        if fault == "timed out unprocessed":
            raise BrokenError
        kind, details = LIVEPERSON_FAULTS[fault] if fault is not None else (None, {})
        answer = send() if kind is None else self._send_to_fail(name, kind, details, send)
        if fault == "killed after":
            raise Killed
        if fault == "timed out processed":
            raise BrokenError
        return answer

    def _send_to_fail(self, name: str, kind: str, details: dict[str, Any], send: Callable[[], Any]) -> Any:
        ordered = self.simulator.faults.order(name, kind, **details)
        try:
            return send()
        finally:
            ordered.cancel()  # another fault may have come first

    def _claim(self, name: str) -> str | None:
        number = len(self.names)
        self.names.append(name)
        for key in (name, number):
            self.meanwhile.pop(key, lambda: None)()
        faults = (strike.fault_at(number, name) for strike in self.strikes)
        fault = next((fault for fault in faults if fault is not None), None)
        if fault is not None:
            self.struck.append((name, fault))
            self.simulator.clock.advance(self.lasting(name, fault).total_seconds())
        if fault in self.happenings:
            self.happenings[fault]()
            return None
        return fault


class _AtOnce:
    """A thread that is none: so a death in it is the death of the process, and each run is like the last."""

    def __init__(self, *, target: Callable[..., None], args: tuple[object, ...], daemon: bool) -> None:
        assert daemon
        self._run = partial(target, *args)

    def start(self) -> None:
        self._run()

    def join(self, timeout: float) -> None:
        assert timeout


_UPDATES = {
    ":is_admin": "sign in",
    ":replaced": "save",
    ":one": "lease",
    ":number": "sign out",
    ":until": "grace",
    ":failures": "give back",
    ":reauthorize": "end",
    ":last_used_at": "note use",
    ":minute": "finish minute",
    ":next": "remember revocation",
    ":expires_at": "finish revocation",
}
"""What an update is for, by a value that only it has."""


def _aws_name(operation: str, params: dict[str, Any]) -> str:
    if operation == "PutEvents":
        return f"PutEvents {params['Entries'][0]['DetailType']}"
    if operation != "UpdateItem":
        return operation
    values = params.get("ExpressionAttributeValues", {})
    return f"UpdateItem {next((purpose for mark, purpose in _UPDATES.items() if mark in values), 'other')}"


def _endpoint(url: str, form: Any) -> str:
    path = urlsplit(url).path
    if path.endswith("/token/revoke"):
        return "revoke"
    if path.endswith("/token"):
        return "token-code" if form["grant_type"] == "authorization_code" else "token-refresh"
    return "domain"


def _refused(url: str, code: str, status: int) -> AWSResponse:
    body = json.dumps({"__type": code, "message": "ordered by a test"}).encode()
    return AWSResponse(url, status, HTTPHeaders(), Body(body))
