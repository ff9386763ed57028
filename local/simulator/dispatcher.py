"""Takes one request through faults, endpoint and journal to its answer."""

from collections.abc import Callable
from dataclasses import replace
from threading import Event

from local.simulator.control import control
from local.simulator.effects import Delivery, alter, pack, refused_by
from local.simulator.errors import RefusedError
from local.simulator.faults import Fault
from local.simulator.journal import Entry
from local.simulator.pages import problem_page
from local.simulator.routes import Route, find_route
from local.simulator.web import Answer, Request, refusal
from local.simulator.world import World

_DROP = Delivery(pieces=[], closes=True)


class Dispatcher:
    """Serves requests on any number of threads.

    Args:
        wait: waits for some seconds; a test may give one that only notes them.
    """

    def __init__(self, world: World, wait: Callable[[float], None] | None = None) -> None:
        self._world = world
        self._stopping = Event()
        self._wait = wait or self._sleep

    def stop(self) -> None:
        """Cut all waiting short; requests under way stay without an answer."""
        self._stopping.set()

    def resume(self) -> None:
        self._stopping.clear()

    def serve(self, request: Request, send: Callable[[bytes], None]) -> tuple[int | None, bool]:
        """Answer a request.

        Args:
            send: writes bytes to the client.

        Returns:
            The status sent (None: nothing), and whether the connection may stay open.
        """
        if request.path.startswith("/_simulator/"):
            return self._send(control(self._world, request), request, send)
        route = find_route(request)
        if route is None:
            return self._send(refusal(RefusedError(404, "not_found", "Nothing answers here.")), request, send)
        return self._visit(route, request, send)

    def _visit(self, route: Route, request: Request, send: Callable[[bytes], None]) -> tuple[int | None, bool]:
        world = self._world
        arrived = world.journal.arrive(
            endpoint=route.endpoint,
            method=request.method,
            account=route.account_id,
            presented=route.presented,
            grant=world.grants.find_grant_id(route.presented) if route.presented else None,
        )
        entry, delivery = arrived, _DROP
        left = False
        try:
            entry, delivery = self._work(arrived, route, request)
            for piece in delivery.pieces[:-1]:
                send(piece)
                self._wait(delivery.pause)
            # Before the last piece: whoever has the whole answer finds it in the journal.
            world.journal.leave(arrived, entry)
            left = True
            if delivery.pieces:
                send(delivery.pieces[-1])
        finally:
            if not left:
                world.journal.leave(arrived, replace(entry, status=None))
        return entry.status, not delivery.closes

    def _work(self, arrived: Entry, route: Route, request: Request) -> tuple[Entry, Delivery]:
        faults = self._world.faults.claim(route.endpoint, route.account_id)
        entry = replace(arrived, fault=", ".join(fault.kind for fault in faults) or None)
        other = next((fault for fault in faults if fault.kind != "delay"), None)
        self._delay(faults, "before")
        if self._stopping.is_set() or (other is not None and other.kind == "drop-before"):
            return entry, _DROP
        if other is not None and other.kind == "status":
            return replace(entry, status=other.status), _pack(refused_by(other), request)
        answer = self._answer(route, request)
        self._delay(faults, "after")
        entry = replace(entry, processed=True, reuse=answer.reuse, grant=answer.grant or entry.grant)
        if self._stopping.is_set() or (other is not None and other.kind == "drop-after"):
            return entry, _DROP
        entry = replace(entry, status=answer.status, error=answer.error)
        if other is not None:
            alter(answer, other)
        return entry, _pack(answer, request, other)

    def _answer(self, route: Route, request: Request) -> Answer:
        try:
            return route.answer(self._world, request)
        except RefusedError as error:
            if not route.is_for_people:
                return refusal(error)
            page = problem_page(error.status, error.error, error.description)
            page.headers.update(error.headers)
            return page

    def _delay(self, faults: list[Fault], when: str) -> None:
        for fault in faults:
            if fault.kind != "delay" or fault.when != when:
                continue
            if fault.until is None:
                self._wait(fault.seconds)
            while fault.until is not None and not fault.until.wait(0.05) and not self._stopping.is_set():
                pass

    def _send(self, answer: Answer, request: Request, send: Callable[[bytes], None]) -> tuple[int | None, bool]:
        for piece in _pack(answer, request).pieces:
            send(piece)
        return answer.status, True

    def _sleep(self, seconds: float) -> None:
        self._stopping.wait(seconds)


def _pack(answer: Answer, request: Request, fault: Fault | None = None) -> Delivery:
    if request.method == "HEAD":
        answer.fields, answer.text = None, ""
    return pack(answer, fault)
