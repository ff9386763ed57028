"""The applications installed on accounts: LivePerson's AppInstalls, OAuth's clients."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from threading import Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class AppInstall:
    """One application as it is installed on accounts.

    Args:
        app_install_id: the client id.
        secrets: each of them is accepted.
        redirect_uris: compared character by character.
    """

    app_install_id: str
    secrets: tuple[str, ...] = field(repr=False)
    accounts: frozenset[str]
    redirect_uris: tuple[str, ...]

    def accepts(self, secret: str) -> bool:
        return any(hmac.compare_digest(secret.encode(), known.encode()) for known in self.secrets)


class Installs:
    """Knows which application is installed on which account."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_id: dict[str, AppInstall] = {}

    def register(
        self, app_install_id: str, *, secrets: Iterable[str], accounts: Iterable[str], redirect_uris: Iterable[str]
    ) -> AppInstall:
        """Install an application, or replace what was known of it."""
        install = AppInstall(
            app_install_id=app_install_id,
            secrets=tuple(secrets),
            accounts=frozenset(accounts),
            redirect_uris=tuple(redirect_uris),
        )
        with self._lock:
            self._by_id[app_install_id] = install
        return install

    def add_redirect_uri(self, app_install_id: str, redirect_uri: str) -> None:
        """Register one more redirect URI.

        Raises:
            KeyError: there is no such application.
        """
        with self._lock:
            install = self._by_id[app_install_id]
            if redirect_uri not in install.redirect_uris:
                uris = (*install.redirect_uris, redirect_uri)
                self._by_id[app_install_id] = replace(install, redirect_uris=uris)

    def find(self, app_install_id: str, account: str) -> AppInstall | None:
        """Find an application by its id, where it is installed on the account."""
        with self._lock:
            install = self._by_id.get(app_install_id)
        return install if install is not None and account in install.accounts else None

    def knows_account(self, account: str) -> bool:
        with self._lock:
            return any(account in install.accounts for install in self._by_id.values())
