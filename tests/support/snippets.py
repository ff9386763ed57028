"""The pieces of code that stand in a page of docs/."""

from __future__ import annotations

import re
from pathlib import Path

_DOCS = Path(__file__).parents[2] / "docs"


def snippets(page: str, language: str) -> list[str]:
    """Give a page's pieces in a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```", (_DOCS / page).read_text(), re.DOTALL | re.MULTILINE)


def application() -> str:
    """Give the template of docs/protect-a-route.md: an application that adds a route to our API."""
    return snippets("protect-a-route.md", "yaml")[0]


def application_with_an_api() -> str:
    """Give the same with an API of its own, put together as the page says."""
    _, resources = application().split("\nResources:\n")
    for given, own in (("HttpApiId", "Api"), ("!Ref AuthorizerId", "!Ref SessionAuthorizer")):
        resources = resources.replace(given, own)
    return snippets("protect-a-route.md", "yaml")[1] + "\n" + resources
