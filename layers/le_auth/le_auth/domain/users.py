"""Who a grant belongs to, and which AppInstall serves an account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from le_auth.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from le_auth.domain.secret import Secret

ACCOUNT_ID = re.compile(r"[A-Za-z0-9]{1,32}")
USER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""LivePerson's user ids are digits; a little more is let through, never the `#` that joins the table's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One LivePerson user of one account."""

    account_id: str
    user_id: str

    @property
    def pk(self) -> str:
        """The table's partition key."""
        return f"{self.account_id}#{self.user_id}"

    @classmethod
    def read_pk(cls, pk: str) -> Self:
        """Read a partition key back.

        Raises:
            ValueError: it is not of the form `<account id>#<user id>`.
        """
        account_id, _, user_id = pk.partition("#")
        if not ACCOUNT_ID.fullmatch(account_id) or not USER_ID.fullmatch(user_id):
            raise ValueError("not a user's key")
        return cls(account_id=account_id, user_id=user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInstalls:
    """Which AppInstall (OAuth client) serves which account; the first account is the default.

    Args:
        client_ids: {account id: AppInstall id}, in the configured order, never empty.
    """

    client_ids: Mapping[str, str]

    def choose_account(self, account_id: str | None) -> str:
        """Give the account to sign in to: the one asked for, else the default one. Compared exactly.

        Raises:
            RequestError: the account is malformed or not configured.
        """
        if account_id is None:
            return next(iter(self.client_ids))
        if not ACCOUNT_ID.fullmatch(account_id):
            raise RequestError("The account_id is not a LivePerson account id: letters and digits only.")
        if account_id not in self.client_ids:
            raise RequestError("This application is not set up for that account_id.")
        return account_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An AppInstall of an account, with the one of its secrets that is tried."""

    account_id: str
    client_id: str
    client_secret: Secret
