"""Sentinel's token endpoint and revocation endpoint.

Source: RFC 6749 sections 2.3.1, 3.2, 4.1.3, 5, 6; RFC 7636 section 4.6; RFC 7009; LivePerson, token request,
refresh request, revocation.
"""

import base64
import hashlib
import hmac
import re

from local.simulator.errors import RefusedError, invalid_grant, invalid_request, invalid_site
from local.simulator.grant import Code, Tokens
from local.simulator.id_token import id_token_for
from local.simulator.web import Answer, Request
from local.simulator.world import World

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_NOT_IN_A_URL = frozenset({"client_secret", "code", "code_verifier", "refresh_token", "token"})
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def token(world: World, request: Request, account: str) -> Answer:
    """Give tokens for a code or for a refresh token."""
    if request.parameters.get("v") not in world.settings.token_versions:
        raise invalid_request("v is missing or not known.")
    client_id = _authenticate(world, request, account)
    grant_type = request.form.get("grant_type")
    if grant_type is None:
        raise invalid_request("grant_type is missing.")
    if grant_type == "authorization_code":
        return _exchange(world, request.form, account, client_id)
    if grant_type == "refresh_token":
        return _refresh(world, request.form, account, client_id)
    raise RefusedError(400, "unsupported_grant_type", "grant_type is authorization_code or refresh_token.")


def revoke(world: World, request: Request, account: str) -> Answer:
    """End the session that a refresh token stands for; a token that stands for nothing is no error."""
    # The documentation's own URL says "?v1.0", which names no version: the default holds.
    if request.parameters.get("v", "1.0") != "1.0":
        raise invalid_request("v must be 1.0.")
    client_id = _authenticate(world, request, account)
    value = _get(request.form, "token")
    ended = world.grants.revoke(value, account=account, client_id=client_id)
    if ended is not None and world.settings.revocation == "user":
        world.sessions.end_user(account, ended.user_id)
    return Answer(fields={}, headers=_NO_STORE, grant=ended.id if ended is not None else None)


def _authenticate(world: World, request: Request, account: str) -> str:
    """Check where the request goes and who sends it, and give the client id."""
    if not _NOT_IN_A_URL.isdisjoint(request.parameters):
        raise invalid_request("Credentials belong in the body.")
    if "authorization" in request.headers:
        raise invalid_request("The client authenticates in the body, and in one way only.")
    form = request.form
    if not world.knows_account(account):
        raise invalid_site()
    install = world.installs.find(form.get("client_id", ""), account)
    if install is None or not install.accepts(form.get("client_secret", "")):
        raise RefusedError(401, "invalid_client", "The application's id or secret is wrong.")
    return install.app_install_id


def _exchange(world: World, form: dict[str, str], account: str, client_id: str) -> Answer:
    def check(code: Code) -> None:
        _check_redirect_uri(code, form.get("redirect_uri"))
        if world.settings.pkce:
            _check_verifier(code, form.get("code_verifier"))

    tokens = world.grants.exchange(
        _get(form, "code"), account=account, client_id=client_id, check=check, now=world.clock.now()
    )
    return _token_answer(world, tokens, with_id_token=True)


def _refresh(world: World, form: dict[str, str], account: str, client_id: str) -> Answer:
    now = world.clock.now()
    tokens = world.grants.refresh(_get(form, "refresh_token"), account=account, client_id=client_id, now=now)
    world.sessions.extend(account, tokens.grant.user_id, now)
    return _token_answer(world, tokens, with_id_token=world.settings.id_token_at_refresh)


def _token_answer(world: World, tokens: Tokens, *, with_id_token: bool) -> Answer:
    settings, grant = world.settings, tokens.grant
    fields: dict[str, object] = {"access_token": tokens.access_token, "token_type": "Bearer"}
    if settings.rotates or grant.generation == 1:
        fields["refresh_token"] = tokens.refresh_token
    if settings.sends_expires_in:
        fields["expires_in"] = settings.access_token_seconds
    id_token = id_token_for(
        world.users.get(grant.user_id),
        client_id=grant.client_id,
        issuer=settings.issuer,
        now=world.clock.now(),
        sent=with_id_token,
    )
    return Answer(fields=fields, headers=_NO_STORE, id_token=id_token, grant=grant.id)


def _check_redirect_uri(code: Code, sent: str | None) -> None:
    if sent != code.redirect_uri and (sent is not None or code.redirect_uri_sent):
        raise invalid_grant("redirect_uri is not the one of the authorization request.")


def _check_verifier(code: Code, verifier: str | None) -> None:
    """Check PKCE; a verifier without a challenge is a downgrade (RFC 9700 section 4.8.2)."""
    if code.code_challenge is None and verifier is None:
        return
    if code.code_challenge is None or verifier is None or not _VERIFIER.fullmatch(verifier):
        raise invalid_grant("code_verifier does not fit the authorization request.")
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    if not hmac.compare_digest(digest, code.code_challenge.encode()):
        raise invalid_grant("code_verifier does not fit the authorization request.")


def _get(form: dict[str, str], name: str) -> str:
    value = form.get(name)
    if value is None:
        raise invalid_request(f"{name} is missing.")
    return value
