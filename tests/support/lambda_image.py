"""A stand-in for Lambda's Python image, made of this machine's own files.

For engines that cannot fetch the real image: Python is the one that the tests run on, the C library this system's, and
AWS's client of the runtime API comes from PyPI. What differs from Lambda's image is all else of its operating system.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlencode

from local.runner.containers import lambda_image
from local.runner.engine_api import ask
from local.runner.errors import RunError
from local.runner.places import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from local.runner.engine import Engine

_LABEL = "le-app-auth.stand-in"
# What the image's shell scripts and SAM CLI's layers on top of it call.
_COMMANDS = ("bash", "mv", "chmod", "cp", "rm")
_BOOTSTRAP = """#!/bin/bash
export PYTHONPATH=$LAMBDA_TASK_ROOT:/opt/python:$LAMBDA_RUNTIME_DIR
exec python3.13 -m awslambdaric "$_HANDLER"
"""
_SETTINGS = (
    "ENV PATH=/var/lang/bin:/usr/bin:/bin",
    "ENV LANG=C.UTF-8",
    "ENV LAMBDA_TASK_ROOT=/var/task",
    "ENV LAMBDA_RUNTIME_DIR=/var/runtime",
    "WORKDIR /var/task",
    f"LABEL {_LABEL}=true",
)
# What packages built for manylinux ask for by name; today's C library has most of it in itself.
_OLD_LIBRARIES = ("libdl.so.2", "libgcc_s.so.1", "libpthread.so.0", "librt.so.1", "libutil.so.1")
_LEFT_OUT = {"__pycache__", "test", "idlelib", "tkinter", "ensurepip", "site-packages", "dist-packages"}


@contextmanager
def made_where_missing(engine: Engine) -> Iterator[None]:
    """Have an image for Lambda functions: the real one if the engine has it, else the stand-in, which goes again."""
    _remove(engine)
    if engine.has_image(lambda_image()):
        yield
        return
    _make(engine)
    try:
        yield
    finally:
        _remove(engine)


def _make(engine: Engine) -> None:
    """Put the stand-in in the place of the image that SAM CLI asks for."""
    repository, _, tag = lambda_image().rpartition(":")
    query = [("fromSrc", "-"), ("repo", repository), ("tag", tag), *(("changes", line) for line in _SETTINGS)]
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "root.tar").open("w+b") as archive:
        runtime = Path(folder) / "runtime"
        _install_runtime(runtime)
        _write_root(archive, runtime)
        archive.seek(0)
        answer = ask(engine.address, "POST", f"/images/create?{urlencode(query)}", body=archive, seconds=120)
    if not engine.has_image(lambda_image()):
        raise RunError(f"The image cannot be made: {answer}")


def _remove(engine: Engine) -> None:
    """Remove the stand-in, which would pass for the real image, and what SAM CLI made of it."""
    query = urlencode({"filters": json.dumps({"label": [_LABEL]})})
    answer = ask(engine.address, "GET", f"/images/json?{query}")
    images = answer.read() if answer is not None else []
    for image in sorted(images, key=itemgetter("Created"), reverse=True):
        ask(engine.address, "DELETE", f"/images/{image['Id']}?force=true", seconds=60)


def _install_runtime(folder: Path) -> None:
    """Install the client of the runtime API, and boto3."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    locked = PROJECT / "requirements" / "lambda.txt"
    finished = subprocess.run(  # noqa: S603 - pip of this environment
        [*command, "--require-hashes", "--only-binary=:all:", "--target", folder, "-r", locked],
        check=False,
        capture_output=True,
        text=True,
    )
    if finished.returncode != 0:
        raise RunError(f"The image cannot be made, since pip fails:\n{finished.stderr}")


def _write_root(file: BinaryIO, runtime: Path) -> None:
    library = Path(sysconfig.get_path("stdlib"))
    python = Path(os.path.realpath(sys.executable))
    commands = [Path(found) for name in _COMMANDS if (found := shutil.which(name))]
    modules = [module for module in (library / "lib-dynload").glob("*.so") if not module.name.startswith("_tkinter")]
    machine_code = [python, *commands, *modules, *runtime.rglob("*.so")]
    with tarfile.open(fileobj=file, mode="w", dereference=True) as root:
        for folder, mode in (("tmp", 0o1777), ("var/task", 0o755), ("opt", 0o755)):
            _add(root, folder, None, mode)
        _add(root, "etc/passwd", b"root:x:0:0:root:/root:/bin/bash\n", 0o644)
        _add(root, "etc/nsswitch.conf", b"hosts: files dns\n", 0o644)
        _add(root, "var/runtime/bootstrap", _BOOTSTRAP.encode(), 0o755)
        root.add(python, "var/lang/bin/python3.13")
        root.add(library, "var/lang/lib/python3.13", filter=_without_dead_weight)
        root.add(runtime, "var/runtime", filter=_without_dead_weight)
        for command in commands:
            root.add(command, f"bin/{command.name}")
        root.add(commands[0], "bin/sh")
        for shared in _shared_libraries(machine_code):
            root.add(shared)


def _add(root: tarfile.TarFile, name: str, content: bytes | None, mode: int) -> None:
    """Add a file, or a folder where there is no content."""
    entry = tarfile.TarInfo(name)
    entry.mode = mode
    if content is None:
        entry.type = tarfile.DIRTYPE
        root.addfile(entry)
        return
    entry.size = len(content)
    root.addfile(entry, io.BytesIO(content))


def _without_dead_weight(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = Path(entry.name).name
    return None if name in _LEFT_OUT or name.startswith("config-3.13") or name.endswith((".a", ".pyc")) else entry


def _shared_libraries(files: Iterable[Path]) -> set[Path]:
    """Find what the dynamic loader would load for these, and for the layer; each keeps its path in the image."""
    told = subprocess.run(  # noqa: S603
        ["ldd", *files],  # noqa: S607 - belongs to the C library
        check=False,
        capture_output=True,
        text=True,
    )
    found = {Path(match[1]) for match in re.finditer(r"(?:=> |^\s+)(/\S+) \(0x", told.stdout, re.MULTILINE)}
    folders = {path.parent for path in found if path.name == "libc.so.6"}
    return found | {folder / name for folder in folders for name in _OLD_LIBRARIES if (folder / name).exists()}
