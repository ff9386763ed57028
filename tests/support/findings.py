"""What `doctor` finds, as its tests read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.operated import Operated


def examine(operate: Operated, *arguments: str) -> dict[str, list[dict[str, str]]]:
    """Give the findings by check."""
    found: dict[str, list[dict[str, str]]] = {}
    for finding in operate.json("doctor", *arguments, code=1)["checks"]:
        found.setdefault(finding["check"], []).append(finding)
    return found


def verdicts(findings: Mapping[str, list[dict[str, str]]], check: str) -> list[str]:
    return [finding["verdict"] for finding in findings[check]]


def says(findings: Mapping[str, list[dict[str, str]]], check: str) -> str:
    return " ".join(f"{finding['says']} {finding['remedy']}" for finding in findings[check])
