"""Launch: sends the browser to Sentinel, and writes nothing anywhere.

Source: RFC 6749 section 4.1.1; design, State and sessions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from le_auth.domain import transactions
from le_auth.domain.transactions import Transaction

if TYPE_CHECKING:
    from datetime import datetime

    from le_auth.domain.ports import SentinelFinder
    from le_auth.domain.return_to import ReturnRule
    from le_auth.domain.users import AppInstalls


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A launch that began: what the browser keeps, and where it goes."""

    transaction: Transaction
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Begins sign-ins."""

    app_installs: AppInstalls
    sentinels: SentinelFinder
    use_pkce: bool

    def start(
        self,
        *,
        account_id: str | None,
        return_to: str | None,
        return_rule: ReturnRule,
        redirect_uri: str,
        now: datetime,
    ) -> Launched:
        """Begin a sign-in.

        Raises:
            RequestError: the account or return_to is not allowed.
            DomainApiUnavailableError, SentinelHostError: Sentinel's host is not to be had.
        """
        account_id = self.app_installs.choose_account(account_id)
        if return_to is not None:
            return_rule.resolve(return_to)
        sentinel = self.sentinels.find(account_id, now=now)
        state = transactions.new_random()
        verifier = transactions.new_random() if self.use_pkce else None
        location = sentinel.authorize_url(
            account_id=account_id,
            client_id=self.app_installs.client_ids[account_id],
            redirect_uri=redirect_uri,
            state=state.reveal(),
            code_challenge=transactions.code_challenge(verifier) if verifier else None,
        )
        transaction = Transaction(
            state_hash=transactions.hash_state(state),
            account_id=account_id,
            return_to=return_to,
            issued_at=now,
            code_verifier=verifier,
        )
        return Launched(transaction=transaction, location=location)
