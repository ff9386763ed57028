"""One subject, called again and again.

    python -I -B again.py SUBJECT EVENT CALLS [PATH...]

Tells the milliseconds of each call by stderr, as JSON.
"""

import json
import marshal
import sys
import time

sys.path.insert(0, __file__.rpartition("/")[0])
from subjects import SUBJECTS

name, event_file, calls, *paths = sys.argv[1:]
with open(event_file, "rb") as file:
    event = marshal.load(file)
call = SUBJECTS[name](event, *paths)
for _ in range(20):
    call()
times = []
for _ in range(int(calls)):
    begun = time.perf_counter()
    call()
    times.append((time.perf_counter() - begun) * 1000)
sys.stderr.write(json.dumps(times) + "\n")
