"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Args:
        check: slug, for scripts.
        says: in plain words, without a secret.
        remedy: how to mend it, where it is not well.
    """

    check: str
    verdict: Verdict
    says: str
    remedy: str = ""


def ok(check: str, says: str) -> Finding:
    return Finding(check=check, verdict=Verdict.OK, says=says)


def warning(check: str, says: str, remedy: str) -> Finding:
    return Finding(check=check, verdict=Verdict.WARNING, says=says, remedy=remedy)


def failed(check: str, says: str, remedy: str) -> Finding:
    return Finding(check=check, verdict=Verdict.FAILED, says=says, remedy=remedy)


def skipped(check: str, says: str) -> Finding:
    return Finding(check=check, verdict=Verdict.SKIPPED, says=says)
