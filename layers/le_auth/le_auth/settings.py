"""The functions' environment, checked at start-up. Every error names the variable.

The variables are the template's parameters; docs/parameters.md says what each means.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from le_auth.domain.return_to import ReturnRule, origin_of
from le_auth.domain.sentinel_api import SentinelHostRule, is_local
from le_auth.domain.users import ACCOUNT_ID, AppInstalls
from le_auth.errors import SentinelHostError, SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from le_auth.domain.sentinel_api import Sentinel

_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_HOST_NAME = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
_AUTHORITY = re.compile(rf"({_HOST_NAME}|\[::1\])(:[0-9]{{1,5}})?")
_URL = re.compile(rf"(?P<scheme>https?)://(?P<authority>{_AUTHORITY.pattern})([/?#][!-~]*)?")
_PATH = re.compile(r"(/[A-Za-z0-9._~$-]+)*/?")
_SUFFIX = re.compile(r"(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?){2,}")
_FRAME_SOURCE = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_INTERVALS = {10, 12, 15, 20, 30, 60}


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Environment variables, read by name."""

    variables: Mapping[str, str] = field(repr=False)

    @classmethod
    def of_process(cls) -> Environment:
        return cls(variables=os.environ)

    def text(self, name: str, default: str | None = None) -> str:
        value = self.variables.get(name, "").strip() or default
        if value is None:
            raise SettingError(f"{name} is not set.")
        return value

    def flag(self, name: str) -> bool:
        value = self.text(name, "false").lower()
        if value not in {"true", "false"}:
            raise SettingError(f"{name} must be true or false.")
        return value == "true"

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise SettingError(f"{name} must be a number from {least} to {most}.")
        return int(value)

    def texts(self, name: str, default: str | None = None) -> list[str]:
        return [part for part in re.split(r"[,\s]+", self.text(name, default or " ")) if part]

    def base_url(self, name: str) -> str | None:
        """Give a base URL without a slash at its end; None where it is not set.

        Raises:
            SettingError: it is not an https URL (http is for this machine only) or has a query or fragment.
        """
        value = self.text(name, " ").strip()
        if not value:
            return None
        scheme, _, rest = value.partition("://")
        authority, slash, path = rest.partition("/")
        if scheme not in {"https", "http"} or not _AUTHORITY.fullmatch(authority) or not _PATH.fullmatch(slash + path):
            raise SettingError(f"{name} must be a URL such as https://auth.example.com, without query and fragment.")
        if scheme == "http" and not is_loopback(authority):
            raise SettingError(f"{name} must be https; http is for this machine only.")
        return value.rstrip("/")


def is_loopback(authority: str) -> bool:
    """Tell whether host[:port] is this machine, `*.localhost` included."""
    host = authority.partition(":")[0].lower()
    return is_local(authority) or host.endswith(".localhost")


def read_app_installs(environment: Environment) -> AppInstalls:
    """Read APP_INSTALLS: `accountId=AppInstallId[,...]`, the first being the default account."""
    expected = "APP_INSTALLS must be like accountId=AppInstallId,accountId=AppInstallId"
    client_ids: dict[str, str] = {}
    for pair in environment.text("APP_INSTALLS").split(","):
        account_id, _, client_id = (part.strip() for part in pair.partition("="))
        if not ACCOUNT_ID.fullmatch(account_id) or not _CLIENT_ID.fullmatch(client_id):
            raise SettingError(f"{expected}.")
        if account_id in client_ids:
            raise SettingError(f"{expected}; an account stands there twice.")
        client_ids[account_id] = client_id
    return AppInstalls(client_ids=client_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePersonSettings:
    """Where LivePerson is.

    Args:
        pinned: Sentinel itself, where SENTINEL_DOMAIN names it.
    """

    domain_api_url: str
    host_rule: SentinelHostRule
    pinned: Sentinel | None

    @classmethod
    def read(cls, environment: Environment) -> LivePersonSettings:
        url = environment.base_url("DOMAIN_API_URL") or "https://api.liveperson.net"
        parts = urlsplit(url)
        local = parts.scheme == "http"
        if local and not is_local(parts.netloc):
            raise SettingError("DOMAIN_API_URL must be https; http is for this machine only.")
        suffixes = tuple(environment.texts("SENTINEL_HOSTS", ".liveperson.net"))
        if not all(_SUFFIX.fullmatch(suffix) for suffix in suffixes):
            raise SettingError("SENTINEL_HOSTS must list suffixes such as .liveperson.net.")
        rule = SentinelHostRule(suffixes=suffixes, local=local)
        domain = environment.text("SENTINEL_DOMAIN", " ").strip()
        try:
            pinned = rule.check(domain) if domain else None
        except SentinelHostError as error:
            raise SettingError("SENTINEL_DOMAIN must be a host under one of SENTINEL_HOSTS.") from error
        return cls(domain_api_url=url, host_rule=rule, pinned=pinned)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Our own addresses, and how browsers may use them.

    Args:
        public_base_url: None: https:// and API Gateway's own domain name, which comes with each request.
        app_url: where a person lands; None: our landing page.
    """

    public_base_url: str | None
    app_url: str | None
    return_origins: frozenset[str]
    embedded: bool
    frame_ancestors: tuple[str, ...]

    @classmethod
    def read(cls, environment: Environment) -> WebSettings:
        app_url = environment.text("APP_URL", " ").strip() or None
        if app_url is not None:
            url = _URL.fullmatch(app_url)
            if url is None or (url["scheme"] == "http" and not is_loopback(url["authority"])):
                raise SettingError("APP_URL must be an https URL; http is for this machine only.")
        frame_ancestors = tuple(environment.texts("FRAME_ANCESTORS", "https://*.liveperson.net"))
        if not all(_FRAME_SOURCE.fullmatch(source) for source in frame_ancestors):
            raise SettingError("FRAME_ANCESTORS must list origins such as https://*.liveperson.net.")
        return cls(
            public_base_url=environment.base_url("PUBLIC_BASE_URL"),
            app_url=app_url,
            return_origins=frozenset(_read_origin(origin) for origin in environment.texts("RETURN_ORIGINS")),
            embedded=environment.flag("EMBEDDED"),
            frame_ancestors=frame_ancestors,
        )

    def base_url(self, domain_name: str) -> str:
        """Give the base of all our links.

        Args:
            domain_name: `requestContext.domainName`, which API Gateway sets; never the Host header.
        """
        return self.public_base_url or f"https://{domain_name}"

    def return_rule(self, base_url: str) -> ReturnRule:
        """Draw up where a person may be sent: to us, to the application, to the further origins."""
        application = frozenset() if self.app_url is None else frozenset({origin_of(self.app_url)})
        return ReturnRule(origin=origin_of(base_url), allowed_origins=self.return_origins | application)


def _read_origin(origin: str) -> str:
    scheme, _, authority = origin.partition("://")
    if not _AUTHORITY.fullmatch(authority) or not (scheme == "https" or (scheme == "http" and is_loopback(authority))):
        raise SettingError("RETURN_ORIGINS must list origins such as https://app.example.com, without a path.")
    return origin.lower()


def read_interval(environment: Environment) -> timedelta:
    """Read REFRESH_INTERVAL_MINUTES: a divisor of 60, so that every slot keeps its minutes of the hour."""
    minutes = environment.number("REFRESH_INTERVAL_MINUTES", 30, least=10, most=60)
    if minutes not in _INTERVALS:
        raise SettingError("REFRESH_INTERVAL_MINUTES must be one of 10, 12, 15, 20, 30, 60.")
    return timedelta(minutes=minutes)


def read_idle(environment: Environment) -> timedelta | None:
    """Read IDLE_DAYS: refreshing stops for a grant that nobody used for so long; 0: never."""
    days = environment.number("IDLE_DAYS", 14, least=0, most=3650)
    return timedelta(days=days) if days else None


def read_session_lifetime(environment: Environment) -> timedelta:
    return timedelta(hours=environment.number("SESSION_HOURS", 12, least=1, most=720))
