"""The simulator as tests and the local run start it."""

from collections.abc import Callable, Iterable
from threading import Thread
from types import TracebackType
from typing import Self

from local.simulator.clock import Clock
from local.simulator.dispatcher import Dispatcher
from local.simulator.faults import Faults
from local.simulator.grant import Code, Tokens
from local.simulator.grants import Grants
from local.simulator.id_token import public_key_pem
from local.simulator.installs import AppInstall
from local.simulator.journal import Journal
from local.simulator.server import Server
from local.simulator.settings import Settings
from local.simulator.users import Users
from local.simulator.world import World


class Simulator:
    """A LivePerson of one's own on a loopback port; the package's docstring shows how to use it.

    Args:
        port: 0: a free one.
        wait: how delays wait for some seconds; None: they really do.
        verbose: one line a request on standard error, without queries.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Clock | None = None,
        settings: Settings | None = None,
        wait: Callable[[float], None] | None = None,
        verbose: bool = False,
    ) -> None:
        self._port = port
        self._verbose = verbose
        self._world = World(clock=clock or Clock(), settings=settings or Settings())
        self._dispatcher = Dispatcher(self._world, wait)
        self._server: Server | None = None
        self._thread: Thread | None = None

    def start(self) -> None:
        """Listen; returns when requests are answered.

        Raises:
            OSError: the port is taken.
        """
        self._dispatcher.resume()
        self._server = Server(self._port, self._dispatcher, verbose=self._verbose)
        self._port = self._server.server_address[1]
        self._world.host = f"127.0.0.1:{self._port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="simulator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end what is under way; `start` takes the same port again."""
        if self._server is None or self._thread is None:
            return
        self._dispatcher.stop()
        self._server.close()
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """host:port, as the Domain API tells it."""
        return self._world.host

    @property
    def base_url(self) -> str:
        return f"http://{self.host}"

    @property
    def clock(self) -> Clock:
        return self._world.clock

    @property
    def settings(self) -> Settings:
        return self._world.settings

    @property
    def users(self) -> Users:
        return self._world.users

    @property
    def faults(self) -> Faults:
        return self._world.faults

    @property
    def journal(self) -> Journal:
        return self._world.journal

    @property
    def grants(self) -> Grants:
        return self._world.grants

    @property
    def public_key_pem(self) -> str:
        return public_key_pem()

    def reset(self) -> None:
        """Forget faults, journal, grants, sessions and time shifts; users, applications and settings stay."""
        self._world.reset()

    def register(
        self, app_install_id: str, *, secrets: Iterable[str], accounts: Iterable[str], redirect_uris: Iterable[str]
    ) -> AppInstall:
        """Install an application on accounts, or replace what was registered under its id."""
        return self._world.installs.register(
            app_install_id, secrets=secrets, accounts=accounts, redirect_uris=redirect_uris
        )

    def add_redirect_uri(self, app_install_id: str, redirect_uri: str) -> None:
        self._world.installs.add_redirect_uri(app_install_id, redirect_uri)

    def issue_code(
        self,
        *,
        app_install_id: str,
        account: str,
        user_id: str,
        redirect_uri: str,
        code_challenge: str | None = None,
    ) -> str:
        """Issue a code as if the user had just signed in."""
        code = Code(
            account=account,
            client_id=app_install_id,
            user_id=user_id,
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
        )
        return self.grants.add_code(code, self.clock.now())

    def issue_tokens(self, *, app_install_id: str, account: str, user_id: str) -> Tokens:
        """Begin a grant as if the user had signed in and the code had been exchanged."""
        return self.grants.start(account=account, client_id=app_install_id, user_id=user_id, now=self.clock.now())
