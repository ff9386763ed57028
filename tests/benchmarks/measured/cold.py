"""One cold start in a fresh interpreter: imports, set-up and first call, timed together.

    python -I -B cold.py SUBJECT EVENT [PATH...]

Tells wall milliseconds, CPU milliseconds and the answer's status by stderr, as JSON; stdout has the function's own log. marshal and time
are built in: nothing that a subject imports has been imported for it.
"""

import marshal
import sys
import time

sys.path.insert(0, __file__.rpartition("/")[0])
from subjects import SUBJECTS

name, event_file, *paths = sys.argv[1:]
with open(event_file, "rb") as file:
    event = marshal.load(file)
del sys.path[0]
begun, spent = time.perf_counter(), time.process_time()
status = SUBJECTS[name](event, *paths)()
wall, cpu = time.perf_counter() - begun, time.process_time() - spent
sys.stderr.write(f"[{wall * 1000}, {cpu * 1000}, {status}]\n")
