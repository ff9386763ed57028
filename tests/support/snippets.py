"""The pieces of code that stand in a page of docs/."""

from __future__ import annotations

import re
from pathlib import Path

_DOCS = Path(__file__).parents[2] / "docs"


def snippets(page: str, language: str) -> list[str]:
    """Give a page's pieces in a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```", (_DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


def own_application() -> str:
    """Give the template of an application with a route behind the session, as docs/protect-a-route.md has it."""
    return next(each for each in snippets("protect-a-route.md", "yaml") if each.startswith("AWSTemplateFormatVersion"))
