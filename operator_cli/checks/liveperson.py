"""LivePerson as this machine sees it, our launch as a browser does, and the addresses that LivePerson was told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from le_auth.adapters.http import BrokenError, NotSentError
from le_auth.errors import DomainApiUnavailableError, SentinelHostError
from le_auth.wiring import make_sentinels, the_http_client
from operator_cli.checks.finding import failed, ok, skipped
from operator_cli.manifests import FILE, LONGEST_REDIRECT_URI, find_violations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from le_auth.adapters.http import HttpAnswer
    from operator_cli.checks.examination import Examination
    from operator_cli.checks.finding import Finding
    from operator_cli.stack import DeployedStack

_DEADLINE = 15.0
_LAUNCH, _DOMAIN_API, _SENTINEL, _REDIRECT = "launch", "domain-api", "sentinel-host", "redirect-uri"


def check_sentinels(examination: Examination) -> Iterator[Finding]:
    """Look each account's Sentinel up, as launch does, but from this machine."""
    pinned = examination.stack.parameters.get("SentinelDomain", "")
    if pinned:
        yield skipped(_DOMAIN_API, "SentinelDomain pins the host: the Domain API is not asked.")
    sentinels = make_sentinels(examination.environment)
    for account_id in examination.app_installs.client_ids:
        try:
            sentinel = sentinels.find(account_id, now=examination.run.now)
        except DomainApiUnavailableError as error:
            yield failed(
                _DOMAIN_API,
                f"Account {account_id}: {error}",
                "Is the account id right? Does this machine reach DomainApiUrl without a proxy?",
            )
        except SentinelHostError as error:
            yield failed(
                _SENTINEL,
                f"Account {account_id}: {error}",
                "Ask LivePerson before you allow that host: the AppInstall secret would be sent there.",
            )
        else:
            if not pinned:
                yield ok(_DOMAIN_API, f"Account {account_id}: the Domain API knows it.")
            yield ok(_SENTINEL, f"Account {account_id}: Sentinel is {sentinel.host}, which is allowed.")


def check_launch(examination: Examination) -> Iterator[Finding]:
    """Call launch for each account: it tells that API, function and Domain API work together where it counts."""
    url = examination.stack.output("LaunchUrl")
    for account_id, client_id in examination.app_installs.client_ids.items():
        try:
            answer = the_http_client().get(f"{url}?account_id={account_id}", deadline=_DEADLINE)
        except (NotSentError, BrokenError):
            yield failed(
                _LAUNCH,
                f"Account {account_id}: nothing answers at {url}.",
                "With PublicBaseUrl: does the name lead to the API, and is its certificate valid?",
            )
        else:
            yield judge_launch(account_id, client_id, answer, callback_url=examination.stack.output("CallbackUrl"))


def judge_launch(account_id: str, client_id: str, answer: HttpAnswer, *, callback_url: str) -> Finding:
    """Judge what launch answered."""
    if answer.status != 302:
        return failed(
            _LAUNCH,
            f"Account {account_id}: launch answers {answer.status} in place of a redirect to LivePerson.",
            _LAUNCH_REMEDIES.get(answer.status, "See the log of the function launch."),
        )
    query = parse_qs(urlsplit(answer.headers.get("Location", "")).query)
    sent = {name: query.get(name, [""])[0] for name in ("redirect_uri", "client_id")}
    if sent != {"redirect_uri": callback_url, "client_id": client_id}:
        return failed(
            _LAUNCH,
            f"Account {account_id}: launch sends another redirect URI or AppInstall id than the stack has.",
            "Does LaunchUrl lead to another stack? Deploy this one anew.",
        )
    return ok(_LAUNCH, f"Account {account_id}: launch leads to LivePerson.")


_LAUNCH_REMEDIES = {
    403: "The address does not lead to this stack's API. Check the mapping of the domain name.",
    404: "The address does not lead to this stack's API. Check PublicBaseUrl and the mapping of the domain name.",
    429: "Launch is being throttled. Run this again later.",
    500: "A parameter is wrong, or the Sentinel host is not allowed; the log of the function launch names it.",
    503: "The function cannot reach the Domain API, or it does not know the account.",
}


def check_redirect_uri(examination: Examination) -> Iterator[Finding]:
    """Compare the stack's addresses with the manifest that LivePerson was given."""
    callback_url = examination.stack.output("CallbackUrl")
    if len(callback_url) > LONGEST_REDIRECT_URI:
        yield failed(
            _REDIRECT,
            f"The redirect URI has {len(callback_url)} characters; LivePerson takes at most {LONGEST_REDIRECT_URI}.",
            "Choose a shorter PublicBaseUrl.",
        )
    if examination.manifest is None:
        yield skipped(_REDIRECT, f"{callback_url}: not compared, since there is no {FILE} (make manifest).")
        return
    yield from judge_manifest(_read(examination.manifest), examination.stack)


def judge_manifest(manifest: Any, stack: DeployedStack) -> Iterator[Finding]:
    """Judge whether a manifest fits the stack.

    Args:
        manifest: decoded JSON; None: the file could not be read.
    """
    if not isinstance(manifest, dict):
        yield failed(_REDIRECT, "The manifest is no JSON object.", "Write it: make manifest")
        return
    wrong = list(_compare(manifest, stack))
    yield from wrong
    if not wrong:
        yield ok(_REDIRECT, f"{stack.output('CallbackUrl')}: the same in manifest and stack.")


def _compare(manifest: dict[str, Any], stack: DeployedStack) -> Iterator[Finding]:
    callback_url, launch_url = stack.output("CallbackUrl"), stack.output("LaunchUrl")
    hand_in = "Write the manifest anew (make manifest) and hand it in at LivePerson."
    if callback_url not in (manifest.get("redirect_uris") or []):
        yield failed(_REDIRECT, f"The manifest's redirect_uris lack exactly {callback_url}.", hand_in)
    if manifest.get("entry_uri") != launch_url:
        yield failed(_REDIRECT, f"The manifest's entry_uri is not {launch_url}.", hand_in)
    for violation in find_violations(manifest):
        yield failed(_REDIRECT, f"The manifest breaks LivePerson's limits: {violation}", hand_in)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
