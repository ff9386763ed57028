"""What a callback that failed shows, and what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.support.answers import cookies_of, page_of
from tests.support.installation import ACCOUNT, BASE_URL, Installation

if TYPE_CHECKING:
    from tests.support.installation import Answer


RETURN = "return_to=/app"
STATE = "s" * 43


def start_again_link(answer: Answer) -> str:
    (link,) = page_of(answer).links
    return link


def assert_nothing_was_stored(installation: Installation) -> None:
    assert [pk for pk in installation.items() if not pk.startswith("state#")] == []


def assert_leads_back(answer: Answer) -> None:
    """The page leads back to the same place, and the transaction's cookie is gone."""
    link = urlsplit(start_again_link(answer))
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"{BASE_URL}/launch"
    assert parse_qs(link.query) == {"account_id": [ACCOUNT], "return_to": ["/app"]}
    ((name, (value, attributes)),) = cookies_of(answer).items()
    assert name.startswith("__Host-le-tx-")
    assert value == ""
    assert "Max-Age=0" in attributes
