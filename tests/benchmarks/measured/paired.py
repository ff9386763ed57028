"""Calls of a function and the same work done barely, in turns, in one process.

    python -I -B paired.py KIND EVENTS CALLS FUNCTION_PATH LAYER_PATH

Tells the milliseconds of each call by stderr, as JSON. The bare work sends what the function was seen to send.
"""

import json
import marshal
import sys
import time
from collections.abc import Callable

kind, events_file, calls, *paths = sys.argv[1:]
sys.path[:0] = [__file__.rpartition("/")[0], *paths]

import app  # noqa: E402 - the built function
import bare  # noqa: E402
from subjects import Context  # noqa: E402


def main() -> None:
    with open(events_file, "rb") as file:
        events = iter(marshal.load(file))
    plain = BARE[kind](bare.seen(lambda: invoke(next(events))))
    for _ in range(10):
        invoke(next(events))
        plain()
    times: dict = {"ours": [], "bare": []}
    for _ in range(int(calls)):
        event = next(events)
        times["ours"].append(timed(lambda event=event: invoke(event)))
        times["bare"].append(timed(plain))
    sys.stderr.write(json.dumps(times) + "\n")


def invoke(event: dict) -> None:
    answer = app.lambda_handler(event, Context)
    if answer["statusCode"] >= 400:
        raise SystemExit(str(answer))


def timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


BARE = {"callback": bare.callback, "access_token": bare.read}
main()
