"""What a stranger might send: nearly right, oversized, doubled, wrongly encoded, of the wrong shape."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st

from le_auth.domain import transactions
from le_auth.domain.secret import Secret
from le_auth.domain.sessions import COOKIE
from tests.support.api_events import api_event
from tests.support.hostile_urls import hostile_urls
from tests.support.installation import ACCOUNT, BASE_URL, NOON, OTHER_ACCOUNT

PLANTED = "canary!planted-by-the-sender"
"""Stands for whatever secret an input holds: no log may repeat it. It is no user's id, which a log may name."""
STATE = "s" * 43
STATE_HASH = transactions.hash_state(Secret(STATE))
TRANSACTION_COOKIE = transactions.cookie_name(STATE_HASH)
NOW = int(NOON.timestamp())

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", PLANTED, 10**40, -1, "\ud800", "\x00", "null"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)

text = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(codec="latin-1"), max_size=40),
    st.text(st.sampled_from("%&=+;#/\\@:?.,\"'<>{}[]|^` \t\r\n\x00\x7f\x85\ufeff\u2028\ud800A9_-"), max_size=40),
    st.sampled_from([PLANTED, "", "0", "null", "undefined", "../..", "%00", "\ud800", ACCOUNT, OTHER_ACCOUNT, STATE]),
    st.sampled_from(hostile_urls(BASE_URL)),
    st.builds(lambda part, times: part * times, st.text(min_size=1, max_size=4), st.integers(100, 3000)),
)

_known = ["state", "code", "error", "error_description", "iss", "account_id", "return_to", "State", "state[]"]
_names = st.sampled_from(_known) | st.text(max_size=12)


def _escaped(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


_encodings = st.sampled_from(
    [
        _escaped,
        lambda value: quote_plus(value.encode("utf-8", "surrogatepass")),
        lambda value: quote(_escaped(value)),
        lambda value: quote(value.encode("utf-16", "surrogatepass")),
        lambda value: value,
        lambda value: "".join(f"%u{ord(character):04x}" for character in value),
    ]
)
_pairs = st.builds(lambda name, value, encode: f"{encode(name)}={encode(value)}", _names, text, _encodings)
_codes = st.text(st.characters(codec="ascii"), min_size=1, max_size=60).map(_escaped)


def _query(**parameters: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make queries of these parameters, and now and then of more."""
    more = st.lists(_pairs, max_size=2)
    return st.builds(_join, st.fixed_dictionaries(parameters), more)


def _join(parameters: dict[str, str], more: list[str]) -> str:
    return "&".join([*(f"{name}={value}" for name, value in parameters.items()), *more])


queries = st.one_of(
    st.lists(_pairs, max_size=6).map("&".join),
    st.lists(_pairs, max_size=30).map("&".join),
    _query(state=st.just(STATE), code=_codes),
    _query(state=st.just(STATE), code=_codes),
    _query(state=st.just(STATE), error=st.just("access_denied"), error_description=text.map(_escaped)),
    _query(return_to=text.map(_escaped)),
    _query(account_id=text.map(_escaped)),
    text,
)


def encoded(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


_transactions = st.fixed_dictionaries(
    {
        "s": st.just(STATE_HASH) | text | anything,
        "a": st.just(ACCOUNT) | text | anything,
        "r": st.none() | text | anything,
        "t": st.just(NOW) | st.integers() | anything,
        "v": st.none() | st.just(STATE) | anything,
    }
)
_right = {"s": STATE_HASH, "a": ACCOUNT, "r": None, "t": NOW, "v": None}
_mostly_right = st.builds(lambda wrong, key: {**_right, key: wrong[key]}, _transactions, st.sampled_from("sartv"))
transaction_values = st.one_of(
    _mostly_right.map(encoded),
    _transactions.map(encoded),
    anything.map(encoded),
    st.binary(max_size=80).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    text,
)
_sealed = st.binary(max_size=120).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
session_values = st.builds("{}.{}".format, st.sampled_from(["0", "1", ""]) | text, _sealed) | text

_cookies = st.one_of(
    transaction_values.map(lambda value: f"{TRANSACTION_COOKIE}={value}"),
    session_values.map(lambda value: f"{COOKIE}={value}"),
    st.builds("__Host-le-tx-{:08x}={}".format, st.integers(0, 2**32 - 1), transaction_values),
    text,
)
cookie_lists = st.one_of(st.none(), st.lists(_cookies, max_size=6), st.lists(_cookies, max_size=40))

_known_headers = ["sec-purpose", "purpose", "x-moz", "cookie", "Cookie", "host", "x-forwarded-host", "origin"]
_header_names = st.sampled_from(_known_headers) | st.text(max_size=12)
headers = st.dictionaries(_header_names, text | st.lists(_cookies, max_size=3).map("; ".join), max_size=5)
methods = st.sampled_from(["GET"] * 12 + ["HEAD", "POST", "OPTIONS", "get", "", "\ud800"])


@st.composite
def requests(draw: st.DrawFn, paths: tuple[str, ...]) -> dict[str, Any]:
    """Make an event of API Gateway, as whatever request a stranger can send would become."""
    event = api_event(draw(st.sampled_from(paths)), method=draw(methods), query=draw(queries))
    event["headers"] |= draw(headers)
    listed = draw(cookie_lists)
    if listed is not None:
        event["cookies"] = listed
    return event


_bodies = st.one_of(
    _query(form_token=text.map(_escaped)),
    st.lists(_pairs, max_size=30).map("&".join),
    st.binary(max_size=60).map(lambda raw: base64.b64encode(raw).decode()),
    text,
)
_content_types = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "multipart/form-data", ""])


@st.composite
def posts(draw: st.DrawFn, path: str) -> dict[str, Any]:
    """Make an event of a form or script, with our own origin, another or none."""
    event = draw(requests((path,)))
    method = draw(st.sampled_from(["POST"] * 12 + ["GET", "HEAD", "OPTIONS"]))
    event["routeKey"] = f"POST {path}"
    event["requestContext"]["http"]["method"] = method
    event["body"] = draw(st.none() | _bodies)
    event["isBase64Encoded"] = draw(st.booleans())
    event["headers"] |= {
        "content-type": draw(_content_types | text),
        "origin": draw(st.sampled_from([BASE_URL, "null", "https://evil.example.net"]) | text),
        "accept": draw(st.sampled_from(["text/html", "*/*", "application/json"]) | text),
    }
    return event


_path_parts = st.sampled_from([ACCOUNT, OTHER_ACCOUNT, "nobody"]) | text | anything
token_paths = st.none() | st.fixed_dictionaries(
    {}, optional={"account_id": _path_parts, "user_id": _path_parts, "min_valid_seconds": _path_parts}
)


@st.composite
def misshapen_events(draw: st.DrawFn, paths: tuple[str, ...]) -> Any:
    """Make an event that API Gateway would never send: parts are missing or are something else."""
    if draw(st.integers(0, 15)) == 0:
        return draw(anything)
    event = draw(requests(paths))
    context = event["requestContext"]
    for part in (event, context, context["http"]):
        keys = sorted(set(part) - {"requestId"})  # the service's own, which the log repeats
        for key in draw(st.lists(st.sampled_from(keys), max_size=2, unique=True)):
            if draw(st.booleans()):
                part[key] = draw(anything)
            else:
                del part[key]
    return event


def is_misshapen(event: Any) -> bool:
    """Tell whether the documented 500 is right: it is no event of an HTTP API with payload format 2.0."""
    if not isinstance(event, dict):
        return True
    context = event.get("requestContext")
    return not isinstance(context, dict) or not isinstance(context.get("http"), dict) or not context.get("domainName")
