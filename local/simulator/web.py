"""Requests as the endpoints read them and answers as they give them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from local.simulator.errors import RefusedError, invalid_request
from local.simulator.id_token import IdToken

FORM = "application/x-www-form-urlencoded"
_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORM_TYPE = re.compile(rf'{FORM}\s*(;\s*charset="?utf-8"?\s*)?', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, its body read.

    Args:
        query: as it stood after the question mark, still encoded.
        headers: by lower-case name.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The query's parameters.

        Raises:
            RefusedError: 400, one is repeated or badly encoded.
        """
        return read_parameters(self.query)

    @cached_property
    def form(self) -> dict[str, str]:
        """The body's parameters.

        Raises:
            RefusedError: 400, the body is no form, or one is repeated or badly encoded.

        Source: RFC 6749 section 4.1.3 and appendix B.
        """
        if not _FORM_TYPE.fullmatch(self.headers.get("content-type", "").strip()):
            raise invalid_request(f"The Content-Type must be {FORM}.")
        try:
            return read_parameters(self.body.decode("ascii"), strict=True)
        except UnicodeDecodeError as error:
            raise invalid_request("The body is not form-encoded.") from error

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            RefusedError: 400, it is none.
        """
        if self.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise invalid_request("The Content-Type must be application/json.")
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise invalid_request("The body is not JSON.") from error
        if not isinstance(value, dict):
            raise invalid_request("The body is no JSON object.")
        return value

    def cookie(self, name: str) -> str | None:
        try:
            morsel = SimpleCookie(self.headers.get("cookie", "")).get(name)
        except CookieError:
            return None
        return morsel.value if morsel else None


def read_parameters(encoded: str, *, strict: bool = False) -> dict[str, str]:
    """Read form-encoded parameters, those without a value left out (RFC 6749 section 3.1).

    Args:
        strict: each must have an equals sign, as in a body; LivePerson documents a query without (`?v1.0`).

    Raises:
        RefusedError: 400, one is repeated or badly encoded.
    """
    if _BROKEN_PERCENT.search(encoded):
        raise invalid_request("A parameter is badly percent-encoded.")
    try:
        pairs = parse_qsl(encoded, True, strict, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise invalid_request("The parameters are not form-encoded.") from error
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise invalid_request("A parameter is repeated.")
    return {name: value for name, value in parameters.items() if value}


@dataclass(slots=True, kw_only=True)
class Answer:
    """One answer, still to be written out.

    Args:
        fields: of a JSON object; None: the answer is `text`.
        id_token: becomes the field `id_token`.
        grant: id of the grant concerned, for the journal, as is `reuse`.
    """

    status: int = 200
    fields: dict[str, Any] | None = None
    text: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    id_token: IdToken | None = None
    grant: str | None = None
    reuse: bool = False

    @property
    def error(self) -> str | None:
        error = (self.fields or {}).get("error")
        return error if isinstance(error, str) else None

    def body(self) -> bytes:
        if self.fields is None:
            return self.text.encode()
        token = {"id_token": self.id_token.encode()} if self.id_token is not None and self.id_token.sent else {}
        return json.dumps({**token, **self.fields}).encode()

    def head(self, length: int) -> bytes:
        """Write the status line and headers, for a body of so many bytes."""
        lines = [
            f"HTTP/1.1 {self.status} {_phrase(self.status)}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {length}",
            *(f"{name}: {value}" for name, value in {"Cache-Control": "no-store", **self.headers}.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def refusal(error: RefusedError) -> Answer:
    fields = {"error": error.error, "error_description": error.description}
    return Answer(status=error.status, fields=fields, headers=error.headers, grant=error.grant, reuse=error.reuse)


def redirect(status: int, location: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, content_type="text/plain", headers={"Location": location, **named})


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
