"""Coverage-guided fuzzing of the parsers, by Atheris: it keeps the inputs that reach code which none before reached.

    python -m tests.security.fuzz.guided 200000

Its first byte chooses the parser. It begins with what each parser is meant for, and ends at the first failure, which it
leaves in a file named crash-...
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["le_auth"]):
    from tests.security.fuzz.parsers import PARSERS

_CHECKS = list(PARSERS.values())


def try_one(data: bytes) -> None:
    if data:
        _CHECKS[data[0] % len(_CHECKS)](data[1:])


def write_seeds(folder: Path) -> None:
    from tests.security.fuzz.nearly_right import right_bytes

    for number, name in enumerate(PARSERS):
        (folder / name).write_bytes(bytes([number]) + right_bytes(name))


def main() -> None:
    runs = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        write_seeds(Path(folder))
        atheris.Setup(
            [
                sys.argv[0],
                f"-runs={runs}",
                "-max_len=2048",
                "-timeout=5",
                "-verbosity=0",
                "-print_final_stats=1",
                folder,
            ],
            try_one,
        )
        atheris.Fuzz()  # ends the process


if __name__ == "__main__":
    main()
