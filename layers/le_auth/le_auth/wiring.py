"""The parts that several functions are put together from.

Each part is imported where it is made, so that a function imports only what it uses.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from le_auth.settings import Environment, LivePersonSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from le_auth.adapters.event_bus import EventBus
    from le_auth.adapters.http import HttpClient
    from le_auth.adapters.rescue_queue import RescueQueue
    from le_auth.adapters.secret_store import AppInstallSecrets, CachedSecret, SealingKeys
    from le_auth.adapters.sentinel import SentinelTokenEndpoint
    from le_auth.adapters.sign_in_writes import SignInWrites
    from le_auth.adapters.token_table import TokenTable
    from le_auth.domain.back_channel import BackChannel
    from le_auth.domain.ports import SentinelFinder, TimeLeft
    from le_auth.domain.refresh import Refresher
    from le_auth.domain.sessions import Sessions


def utc_now() -> datetime:
    return datetime.now(UTC)


def steady_now() -> timedelta:
    """Tell the time by the clock that nobody sets; it began whenever."""
    return timedelta(seconds=time.monotonic())


def sleep(pause: timedelta) -> None:
    time.sleep(pause.total_seconds())


def count_down(context: LambdaContext, *, kept: timedelta = timedelta()) -> TimeLeft:
    """Count down what is left of an invocation that has just begun, less a time that is kept.

    Lambda ends it by a clock that nobody sets. Its context takes the wall clock, so it is asked once only.

    Source: awslambdaric, LambdaContext.get_remaining_time_in_millis.
    """
    given = timedelta(milliseconds=context.get_remaining_time_in_millis()) - kept
    begun_at = steady_now()
    return lambda: given - (steady_now() - begun_at)


@cache
def the_http_client() -> HttpClient:
    from le_auth.adapters.http import HttpClient  # imports requests

    return HttpClient()


def make_sentinels(environment: Environment) -> SentinelFinder:
    """Look Sentinel's host up, or take the pinned one."""
    settings = LivePersonSettings.read(environment)
    if settings.pinned is not None:
        from le_auth.adapters.pinned_sentinel import PinnedSentinel

        return PinnedSentinel(sentinel=settings.pinned)
    from le_auth.adapters.domain_api import DomainApi

    return DomainApi(base=settings.domain_api_url, rule=settings.host_rule, make_http=the_http_client)


def make_token_endpoint(environment: Environment) -> SentinelTokenEndpoint:
    from le_auth.adapters.sentinel import SentinelTokenEndpoint

    pem = environment.text("ID_TOKEN_PUBLIC_KEY", " ").strip()
    check_signature = None
    if pem:
        from le_auth.adapters.signatures import read_public_key  # imports joserfc

        check_signature = read_public_key(pem)
    return SentinelTokenEndpoint(
        http=the_http_client(),
        clock=utc_now,
        version=environment.text("TOKEN_API_VERSION", "2.0"),
        check_signature=check_signature,
    )


def make_back_channel(environment: Environment) -> BackChannel:
    from le_auth.domain.back_channel import BackChannel
    from le_auth.settings import read_app_installs

    return BackChannel(
        app_installs=read_app_installs(environment),
        sentinels=make_sentinels(environment),
        secrets=make_app_install_secrets(environment),
        sealers=make_sealing_keys(environment),
        endpoint=make_token_endpoint(environment),
        clock=utc_now,
    )


def make_rescues(environment: Environment) -> RescueQueue:
    url = environment.text("RESCUE_QUEUE_URL")
    from le_auth.adapters import aws  # imports boto3
    from le_auth.adapters.rescue_queue import RescueQueue

    return RescueQueue(client=aws.sqs(), url=url)


def make_refresher(environment: Environment, *, channel: BackChannel, table: TokenTable) -> Refresher:
    from le_auth.domain.keeping import TokenKeeper
    from le_auth.domain.refresh import Refresher
    from le_auth.settings import read_interval

    rescues = make_rescues(environment)
    return Refresher(
        channel=channel,
        store=table,
        rescues=rescues,
        keeper=TokenKeeper(store=table, sign_outs=table, rescues=rescues, pause=sleep),
        clock=utc_now,
        steady=steady_now,
        interval=read_interval(environment),
    )


def make_table(environment: Environment) -> TokenTable:
    name = environment.text("TOKEN_TABLE_NAME")
    from le_auth.adapters import aws  # imports boto3
    from le_auth.adapters.token_table import TokenTable

    return TokenTable(client=aws.dynamodb(), name=name)


def make_sign_in_store(environment: Environment) -> SignInWrites:
    """Give the table as far as a sign-in writes to it: a person waits for the imports."""
    name = environment.text("TOKEN_TABLE_NAME")
    from le_auth.adapters import aws  # imports boto3
    from le_auth.adapters.sign_in_writes import SignInWrites

    return SignInWrites(client=aws.dynamodb(), name=name)


def make_event_bus(environment: Environment) -> EventBus | None:
    """Give the bus that is told what happens; None: none is configured."""
    name = environment.text("EVENT_BUS_NAME", " ").strip()
    if not name:
        return None
    from le_auth.adapters import aws  # imports boto3
    from le_auth.adapters.event_bus import EventBus

    return EventBus(make_client=aws.events, name=name)


def make_app_install_secrets(environment: Environment) -> AppInstallSecrets:
    from le_auth.adapters.secret_store import AppInstallSecrets  # imports boto3

    return AppInstallSecrets(secret=_cached_secret(environment.text("APP_INSTALL_SECRET_ARN")))


def make_sealing_keys(environment: Environment) -> SealingKeys:
    from le_auth.adapters.secret_store import SealingKeys  # imports boto3

    return SealingKeys(secret=_cached_secret(environment.text("SEALING_KEY_SECRET_ARN")))


def make_sessions(environment: Environment) -> Sessions:
    from le_auth.domain.sessions import Sessions
    from le_auth.settings import read_app_installs, read_session_lifetime

    return Sessions(
        app_installs=read_app_installs(environment),
        sealers=make_sealing_keys(environment),
        table=make_table(environment),
        lifetime=read_session_lifetime(environment),
    )


def _cached_secret(arn: str) -> CachedSecret:
    from le_auth.adapters import aws  # imports boto3
    from le_auth.adapters.secret_store import CachedSecret

    return CachedSecret(client=aws.secrets_manager(), arn=arn)
