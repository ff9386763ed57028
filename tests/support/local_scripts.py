"""A folder with one of the scripts of local/, a few of the system's tools, and made-up ones."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]
TOOLS = ("bash", "chmod", "cmp", "cp", "dirname", "env", "mkdir", "rm", "sh", "tail", "touch")


def lay_out(folder: Path, script: str, *folders: str) -> None:
    """Make folders, and have the script there, the system's usual tools and nothing else of the system."""
    for name in ("local", "tools", *folders):
        (folder / name).mkdir(parents=True)
    shutil.copy(PROJECT / script, folder / "local")
    for name in TOOLS:
        (folder / "tools" / name).symlink_to(shutil.which(name) or name)


def add_tool(folder: Path, name: str, content: str) -> None:
    tool = folder / "tools" / name
    tool.write_text(content)
    tool.chmod(0o755)


def run_script(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own script
        [folder / script], check=False, capture_output=True, text=True, env={"PATH": str(folder / "tools")}
    )


def runs_of_npm(folder: Path) -> int:
    """Count the runs of a made-up npm, which tells of each in a file."""
    return (folder / "runs").read_text().count("run")
