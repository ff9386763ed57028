"""`doctor`: what is wrong with the deployed stack, and how to mend it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from operator_cli.checks.all import examine
from operator_cli.checks.examination import Examination
from operator_cli.checks.finding import Verdict
from operator_cli.manifests import FILE
from operator_cli.options import FAILED, command

if TYPE_CHECKING:
    from operator_cli.checks.finding import Finding
    from operator_cli.run import Run

_STYLES = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "bold red", Verdict.SKIPPED: "dim"}
_WIDTH = 18


@command("doctor", short_help="Check the deployed stack.")
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"What LivePerson was given: compared with the stack [default: {FILE}, where there is one].",
)
def doctor(run: Run, manifest: Path | None) -> int:
    """Check the deployed stack, and say in plain words what is wrong and how to mend it.

    It changes nothing. The check of launch begins a sign-in for each account and does not go on.
    """
    name, findings = run.stack.name, []
    for finding in examine(Examination(run=run, manifest=manifest or _find_manifest(run))):
        findings.append(finding)
        _tell(run, finding)
    counts = Counter(finding.verdict for finding in findings)
    run.out.say(_summary(counts))
    run.out.document(
        {
            "stack": name,
            "healthy": not counts[Verdict.FAILED],
            "counts": {verdict: counts[verdict] for verdict in Verdict},
            "checks": [
                {
                    "check": finding.check,
                    "verdict": finding.verdict,
                    "says": finding.says,
                    "remedy": finding.remedy,
                }
                for finding in findings
            ],
        }
    )
    return FAILED if counts[Verdict.FAILED] else 0


def _find_manifest(run: Run) -> Path | None:
    usual = run.surroundings.folder / FILE
    return usual if usual.is_file() else None


def _tell(run: Run, finding: Finding) -> None:
    verdict = Text(finding.verdict, style=_STYLES[finding.verdict])
    said = [finding.says, finding.remedy] if finding.remedy else [finding.says]
    run.out.entry([(verdict, 7), (finding.check, _WIDTH)], *said)


def _summary(counts: Counter[Verdict]) -> str:
    if counts[Verdict.FAILED] or counts[Verdict.WARNING]:
        return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
    if counts[Verdict.SKIPPED]:
        return f"What was checked is well; {counts[Verdict.SKIPPED]} skipped."
    return "All is well."
