"""What a person asks of `make run`, checked."""

import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field

from local.runner.errors import RunError
from local.runner.ports import read_port

# As the simulator knows them; made up.
SIMULATED_ACCOUNT = "le12345678"
SIMULATED_APP_INSTALL = "75588e18-0213-4e33-8174-883acac7e3c4"
_ACCOUNT_PATTERN = re.compile(r"[A-Za-z0-9]{1,32}")
_APP_INSTALL_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LOOPBACK_HOSTS = {"127.0.0.1", "localhost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePerson:
    """A LivePerson other than the simulator.

    Args:
        app_installs: as the template takes them, "account=id[,account=id...]".
        secret: the AppInstall's secret, the same for each id.
    """

    domain_api_url: str
    app_installs: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run.

    Args:
        port: of the one local address; None: any that is free.
        live_person: None: the simulator.
        parameters: further template parameters.
    """

    port: int | None = None
    live_person: LivePerson | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed, as it was typed: empty where nothing was."""

    port: str
    domain_api_url: str
    app_installs: str


def read_asked(environment: Mapping[str, str]) -> Asked:
    """Read what `make run PORT=... DOMAIN_API_URL=... APP_INSTALLS=...` hands on."""
    return Asked(
        port=environment.get("PORT", "").strip(),
        domain_api_url=environment.get("DOMAIN_API_URL", "").strip().rstrip("/"),
        app_installs="".join(environment.get("APP_INSTALLS", "").split()),
    )


def read_asked_port(asked: Asked) -> int | None:
    """The port that was asked for, if any."""
    return read_port(asked.port) if asked.port else None


def needs_secret(asked: Asked) -> bool:
    """Whether this run needs an AppInstall secret; checks what goes with it.

    Raises:
        RunError: one of the two values is missing or malformed.
    """
    if not asked.domain_api_url:
        if asked.app_installs:
            raise RunError(
                "APP_INSTALLS goes with DOMAIN_API_URL: without it the simulator has an AppInstall of its own"
            )
        return False
    if not asked.app_installs:
        raise RunError("DOMAIN_API_URL needs APP_INSTALLS=account=id beside it")
    check_domain_api_url(asked.domain_api_url)
    read_app_installs(asked.app_installs)
    return True


def check_domain_api_url(url: str) -> None:
    """Raise RunError unless the template would accept it."""
    parts = urllib.parse.urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK_HOSTS
    is_base = not (parts.path or parts.query or parts.fragment or parts.username)
    if not (is_base and (is_local or (parts.scheme == "https" and parts.hostname))):
        raise RunError(
            "DOMAIN_API_URL must be https://host[:port], or http:// with localhost or 127.0.0.1, without a path, "
            f"not {url!r}"
        )


def read_app_installs(text: str) -> dict[str, str]:
    """Read AppInstall ids by account from "account=id[,account=id...]".

    Raises:
        RunError: it does not read so.
    """
    pairs = [part.strip().partition("=") for part in text.split(",")]
    for account, _, app_install in pairs:
        if not _ACCOUNT_PATTERN.fullmatch(account) or not _APP_INSTALL_PATTERN.fullmatch(app_install):
            raise RunError(f"APP_INSTALLS must read account=id[,account=id...], not {text!r}")
    return {account: app_install for account, _, app_install in pairs}
