"""What schemathesis cannot know of our routes: how a request for a token is signed, and how a person signs in.

It runs in schemathesis' own environment, with what tests/e2e/test_openapi.py hands it by environment variables.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from requests.auth import AuthBase

if TYPE_CHECKING:
    from schemathesis import AuthContext, Case, DeserializationContext, HookContext, Response

BASE_URL = os.environ["OPENAPI_BASE_URL"]
API_HOST = os.environ["OPENAPI_API_HOST"]
IS_SIGNED_IN = os.environ["OPENAPI_WHO"] == "somebody"
SESSION = "__Host-le-session"
SECONDS = 30


class Signed(AuthBase):
    """Signs for the API's own host name, under which the front hands the request on."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        signed = AWSRequest(method=request.method, url=(request.url or "").replace(BASE_URL, f"http://{API_HOST}"))
        keys = Credentials(os.environ["OPENAPI_ACCESS_KEY"], os.environ["OPENAPI_SECRET_KEY"])
        SigV4Auth(keys, "execute-api", os.environ["OPENAPI_REGION"]).add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


schemathesis.auth.set_from_requests(Signed()).apply_to(operation_id="accessToken")


class Visitor:
    """A browser that keeps its cookie at LivePerson; requests would keep ours back, as they are for https."""

    def __init__(self) -> None:
        self.liveperson = requests.Session()
        self.liveperson.trust_env = False
        self.session: str | None = None

    def sign_in(self) -> str:
        launched = requests.get(f"{BASE_URL}/launch", allow_redirects=False, timeout=SECONDS)
        transaction = launched.headers["Set-Cookie"].partition(";")[0]
        answer = self.liveperson.get(launched.headers["Location"], allow_redirects=False, timeout=SECONDS)
        while not answer.headers["Location"].startswith(f"{BASE_URL}/callback?"):
            answer = self._go_on(urljoin(answer.url, answer.headers["Location"]))
        finished = requests.get(
            answer.headers["Location"], headers={"Cookie": transaction}, allow_redirects=False, timeout=SECONDS
        )
        [session] = re.findall(rf"{SESSION}=([^;]+)", finished.headers["Set-Cookie"])
        return str(session)

    def _go_on(self, url: str) -> requests.Response:
        form = {"username": os.environ["OPENAPI_USER"], "password": os.environ["OPENAPI_PASSWORD"]}
        if "/login?" in url:
            return self.liveperson.post(url, data=form, allow_redirects=False, timeout=SECONDS)
        return self.liveperson.get(url, allow_redirects=False, timeout=SECONDS)


visitor = Visitor()
if IS_SIGNED_IN:

    @schemathesis.auth(refresh_interval=None).apply_to(operation_id=["landingPage", "session", "logout", "exampleMe"])
    class SignedIn:
        def get(self, _case: Case, _context: AuthContext) -> str:
            visitor.session = visitor.session or visitor.sign_in()
            return visitor.session

        def set(self, case: Case, session: str, _context: AuthContext) -> None:
            case.cookies[SESSION] = session


@schemathesis.deserializer("text/html")
def read_page(_context: DeserializationContext, response: Response) -> str:
    return response.text


@schemathesis.hook
def filter_body(_context: HookContext, body: Any) -> bool:
    """Leave out what encodes to nothing: requests sends it in chunks, which the local address does not take."""
    return not isinstance(body, dict) or requests.Request("POST", BASE_URL, data=body).prepare().body != ""


@schemathesis.hook
def before_call(_context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    kwargs["allow_redirects"] = False  # a redirect is the answer that is described
    if IS_SIGNED_IN and case.path == "/logout" and "Origin" not in case.headers:
        case.headers["Origin"] = BASE_URL


@schemathesis.hook
def after_call(_context: HookContext, case: Case, response: Response) -> None:
    if case.path == "/logout" and response.status_code < 400:
        visitor.session = None
