"""The refresh worker on one core, batch by batch, in turns with a bare loop of the same requests in as many threads.

    python -I -B refreshing.py EVENT THREADS ROUNDS FUNCTION_PATH LAYER_PATH

Tells refreshes per second and CPU milliseconds per refresh, for each batch, by stderr as JSON.
"""

import json
import marshal
import os
import sys
import time
from collections.abc import Callable

event_file, threads, rounds, *paths = sys.argv[1:]
sys.path[:0] = [__file__.rpartition("/")[0], *paths]

import app  # noqa: E402 - the built function
import bare  # noqa: E402
from subjects import Context  # noqa: E402


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    app.the_number_of_threads = lambda: int(threads)
    with open(event_file, "rb") as file:
        event = marshal.load(file)
    count = len(event["Records"])
    sent = bare.seen(lambda: work({"Records": event["Records"][:1]}))
    plain = bare.refreshes(sent, count=count, threads=int(threads))
    plain()
    told: dict = {"ours": [], "bare": []}
    for _ in range(int(rounds)):
        told["ours"].append(timed(lambda: work(event), count))
        told["bare"].append(timed(plain, count))
    sys.stderr.write(json.dumps(told) + "\n")


def work(event: dict) -> None:
    answer = app.lambda_handler(event, Context)
    if answer["batchItemFailures"]:
        raise SystemExit("a refresh failed")


def timed(call: Callable[[], object], count: int) -> tuple[float, float]:
    begun, spent = time.perf_counter(), time.process_time()
    call()
    return count / (time.perf_counter() - begun), (time.process_time() - spent) * 1000 / count


main()
