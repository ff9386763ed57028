"""What each parser is meant for, and hostile inputs that are nearly so."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import strategies as st

from le_auth.adapters.sealing import Keyring
from le_auth.domain.secret import Secret
from local.simulator.id_token import IdToken
from tests.security.fuzz import inputs
from tests.security.fuzz.parsers import NOW
from tests.support.installation import ACCOUNT, ADA, APP, SEALING_KEY
from tests.support.makers import some_tokens

SECONDS = int(NOW.timestamp())
TOKENS = {"access_token": "ab" * 32, "token_type": "Bearer", "refresh_token": "cd" * 150, "expires_in": 3600}
CLAIMS = {"sub": "1001", "aud": APP, "iss": "Sentinel", "iat": SECONDS, "exp": SECONDS + 600, "is_admin": True}
FOREIGN_KEYRING = Keyring(keys={"0": Secret("somebody else's key".ljust(40, "x"))})
SEALED = FOREIGN_KEYRING.seal_tokens(some_tokens(), user=ADA, generation=1)
RESCUE = {
    "rescue": 1,
    "pk": ADA.pk,
    "replaces": 7,
    "generation": 8,
    "key_id": "0",
    "sealed": base64.b64encode(SEALED.data).decode(),
    "received_at": SECONDS,
    "access_expires_at": None,
}

# What each parser is meant for; the inputs are changed from it.
RIGHT: dict[str, Any] = {
    "token_answer": TOKENS,
    "refusal": {"error": "invalid_grant", "error_description": "x"},
    "host": {"service": "sentinel", "account": ACCOUNT, "baseURI": "va.sentinel.liveperson.net"},
    "app_install_secret": {APP: ["x", "y"]},
    "sealing_key_secret": {"keys": [{"id": "1", "key": SEALING_KEY}]},
    "session": [ACCOUNT, "1001", 1, SECONDS],
    "scheduled_message": {"pk": ADA.pk, "due_at": SECONDS},
    "rescue_message": RESCUE,
    "transaction": {"s": inputs.STATE_HASH, "a": ACCOUNT, "r": "/x", "t": SECONDS, "v": None},
    "id_token": CLAIMS,
    "signature": CLAIMS,
}
RIGHT_BYTES: dict[str, bytes] = {
    "sealed_cookie": FOREIGN_KEYRING.seal_cookie(b'["le12345678","1001",1,1773057600]').encode(),
    "sealed_tokens": SEALED.data,
    "packed_tokens": b"\x01\x03\x00\x02\x00\x02abcd",
    "bare_host": b"va.sentinel.liveperson.net",
    "query": b"state=" + b"s" * 43 + b"&code=x&return_to=/app",
}


def right_bytes(name: str) -> bytes:
    """Give what a parser is meant for."""
    match name:
        case "id_token" | "signature":
            return jwt(CLAIMS, {"alg": "RS256"}, b"signature")
        case "transaction":
            return inputs.encoded(RIGHT[name]).encode()
        case _ if name in RIGHT:
            return json.dumps(RIGHT[name]).encode()
        case _:
            return RIGHT_BYTES[name]


def like(value: object) -> st.SearchStrategy[Any]:
    """Make values of the same type, which get further than others."""
    match value:
        case bool() | None:
            return st.booleans()
        case int():
            return st.integers(-2, 2**33) | st.integers()
        case str():
            return inputs.text
        case _:
            return inputs.anything


@st.composite
def changed(draw: st.DrawFn, right: Any) -> Any:
    """Change a value that is right: replace or remove some of its parts, or add one."""
    parts: dict[Any, Any] = dict(enumerate(right)) if isinstance(right, list) else dict(right)
    for key in draw(st.lists(st.sampled_from(list(parts)), max_size=2, unique=True)):
        if draw(st.integers(0, 5)) == 0:
            del parts[key]
        else:
            parts[key] = draw(st.one_of(like(parts[key]), like(parts[key]), inputs.anything))
    if draw(st.integers(0, 5)) == 0:
        parts[draw(st.text(max_size=6))] = draw(inputs.anything)
    return list(parts.values()) if isinstance(right, list) else parts


@st.composite
def damaged(draw: st.DrawFn, right: bytes) -> bytes:
    """Cut bytes out of a value that is right, or put others in."""
    start, length = draw(st.integers(0, len(right))), draw(st.integers(0, 4))
    return right[:start] + draw(st.binary(max_size=6)) + right[start + length :]


def jwt(claims: Any, header: Any, signature: bytes) -> bytes:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


HEADERS = st.fixed_dictionaries(
    {"alg": st.sampled_from(["RS256", "none", "None", "HS256", "ES256", "PS256", "RS1", ""]) | inputs.anything},
    optional=dict.fromkeys(("kid", "typ", "jwk", "jku", "x5c", "crit", "b64", "enc", "zip"), inputs.anything),
)
FOREIGN = st.sampled_from(["none", "HS256", "foreign-key"]).map(
    lambda kind: IdToken(claims=CLAIMS, signature=kind).encode().encode()
)


def hostile(name: str) -> st.SearchStrategy[bytes]:
    anything = st.one_of(
        st.binary(max_size=200),
        inputs.text.map(lambda value: value.encode("utf-8", "surrogatepass")),
        inputs.anything.map(lambda value: json.dumps(value).encode()),
        st.builds(lambda text, depth: text * depth, st.sampled_from([b"[", b'{"a":', b'"']), st.integers(1, 30_000)),
    )
    if name in RIGHT_BYTES:
        near = damaged(RIGHT_BYTES[name])
    elif name in {"id_token", "signature"}:
        near = st.builds(jwt, changed(CLAIMS), HEADERS, st.binary(max_size=256)) | FOREIGN
    elif name == "transaction":
        near = changed(RIGHT[name]).map(lambda content: inputs.encoded(content).encode())
    else:
        written = changed(RIGHT[name]).map(lambda content: json.dumps(content).encode())
        near = st.one_of(written, written, written.flatmap(damaged))
    return st.one_of(near, near, near, anything)
