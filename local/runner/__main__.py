"""Runs the whole system: `python -m local.runner`, as `make run` does."""

import os
import sys

from local.runner.command import main

sys.exit(main(os.environ))
