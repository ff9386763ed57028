"""The pages a person sees, rendered on the server: what they share, and the error page.

They hold no script, no token of LivePerson's and nothing from elsewhere, so that this Content-Security-Policy is
enough: `default-src 'none'; style-src <style_source()>; form-action 'self'`.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

TEMPLATES = Path(__file__).with_name("templates")


class Markup(str):
    """HTML that a template takes as it is; any other string is escaped."""

    __slots__ = ()


def error_page(*, title: str, explanation: str, advice: str, way_on: tuple[str, str] | None, reference: str) -> str:
    """Render what went wrong and what to do next.

    Args:
        way_on: where a button leads, and its label; None shows no button.
        reference: the request id, for an operator to find the log by.
    """
    main = fill(
        "error.html",
        title=title,
        explanation=explanation,
        advice=advice,
        actions=Markup() if way_on is None else actions(link_button(*way_on)),
        reference=reference,
    )
    return page(title, main)


@cache
def style_source() -> str:
    """Give the CSP source expression that lets the one inline `<style>` through (CSP Level 3, section 2.3.1)."""
    digest = sha256(_style().encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"


def page(title: str, main: Markup) -> str:
    return fill("layout.html", title=title, style=Markup(_style()), main=main)


def actions(*buttons: Markup) -> Markup:
    """Set buttons side by side."""
    return fill("actions.html", buttons=Markup("\n".join(buttons)))


def link_button(url: str, label: str, *, kind: str = "main") -> Markup:
    """Render a link as a button.

    Args:
        kind: a class of the style sheet: `main`, `plain`, `quiet-action` or `danger`.
    """
    return fill("link.html", url=url, label=label, kind=kind)


def fill(name: str, **values: str) -> Markup:
    """Fill a template, escaping every value that is not `Markup`."""
    safe = {key: value if isinstance(value, Markup) else escape(value) for key, value in values.items()}
    return Markup(_template(name).substitute(safe))


@cache
def _template(name: str) -> Template:
    return Template(_read(name))


@cache
def _style() -> str:
    return _read("style.css")


def _read(name: str) -> str:
    """Read a template file, less its closing line break."""
    return (TEMPLATES / name).read_text(encoding="utf-8").rstrip("\n")
