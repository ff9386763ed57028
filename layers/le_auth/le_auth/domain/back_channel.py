"""Speaking to an account's Sentinel behind the browser's back: what it needs, refresh and revocation.

Source: RFC 6749 section 6; RFC 7009; design, Refresh.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from le_auth.domain.client_secrets import with_each_secret
from le_auth.domain.users import Client
from le_auth.errors import GrantRevokedError, SealingKeyError, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.grants import Sealed
    from le_auth.domain.ports import ClientSecrets, Clock, Sealer, SealerSource, SentinelFinder, TokenEndpoint
    from le_auth.domain.secret import Secret
    from le_auth.domain.sentinel_api import Sentinel
    from le_auth.domain.tokens import TokenAnswer
    from le_auth.domain.users import AppInstalls, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """All that a refresh of one account needs besides the table, at hand before the lease is taken."""

    account_id: str
    client_id: str
    sentinel: Sentinel
    sealer: Sealer

    def client(self, secret: Secret) -> Client:
        return Client(account_id=self.account_id, client_id=self.client_id, client_secret=secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackChannel:
    """Refreshes and revokes, with each secret that Sentinel has not refused."""

    app_installs: AppInstalls
    sentinels: SentinelFinder
    secrets: ClientSecrets
    sealers: SealerSource
    endpoint: TokenEndpoint
    clock: Clock

    def equip(self, account_id: str) -> Equipment:
        """Get ready for an account; what cannot be had is missed before any refresh token is spent.

        Raises:
            SettingError, SecretError, SentinelHostError: an operator must act.
            SecretsUnavailableError, DomainApiUnavailableError: later.
        """
        now = self.clock()
        client_id = self.app_installs.client_ids.get(account_id)
        if client_id is None:
            raise SettingError("APP_INSTALLS names no AppInstall for an account that has users signed in.")
        self.secrets.get(client_id, now=now)
        return Equipment(
            account_id=account_id,
            client_id=client_id,
            sentinel=self.sentinels.find(account_id, now=now),
            sealer=self.sealers.get(now=now),
        )

    def open(self, sealed: Sealed, user: User) -> tuple[Secret, Secret]:
        """Give access token and refresh token.

        Raises:
            SealingKeyError, SecretError, SecretsUnavailableError.
        """
        now = self.clock()
        try:
            return self.sealers.get(now=now).open_tokens(sealed, user=user)
        except SealingKeyError:  # perhaps sealed with a key that was added since the secret was read
            return self.sealers.get_afresh(now=now).open_tokens(sealed, user=user)

    def refresh(self, equipment: Equipment, refresh_token: Secret, *, check: Callable[[], None]) -> TokenAnswer:
        """Spend a refresh token.

        Args:
            check: called before each request; raises where it may no longer be sent.

        Raises:
            As TokenEndpoint.refresh, and SecretError, SecretsUnavailableError.
        """

        def send(secret: Secret) -> TokenAnswer:
            check()
            return self.endpoint.refresh(equipment.sentinel, equipment.client(secret), refresh_token=refresh_token)

        return with_each_secret(equipment.client_id, self.secrets, send, now=self.clock())

    def revoke(self, user: User, sealed: Sealed) -> None:
        """Revoke sealed tokens; those that Sentinel no longer knows are as good as revoked.

        Repeating it does no harm, so an unknown outcome is just tried again.

        Raises:
            RequestRefusedError: a 4xx, which LivePerson does not want repeated.
            TryLaterError, MisconfiguredError: the revocation is still due.
        """
        equipment = self.equip(user.account_id)
        _, refresh_token = self.open(sealed, user)

        def send(secret: Secret) -> None:
            self.endpoint.revoke(equipment.sentinel, equipment.client(secret), refresh_token=refresh_token)

        try:
            with_each_secret(equipment.client_id, self.secrets, send, now=self.clock())
        except GrantRevokedError:
            return
