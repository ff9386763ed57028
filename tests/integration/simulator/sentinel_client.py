"""An OAuth client and a browser, as plain as they can be, for the tests of the simulator."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from local.simulator import DEFAULT_PASSWORD, Simulator

ACCOUNT = "le12345678"
OTHER_ACCOUNT = "56072331"
APP = "75588e18-0213-4e33-8174-883acac7e3c4"
OTHER_APP = "00000000-0213-4e33-8174-883acac7e3c4"
SECRET = "canary-secret-of-app"
OTHER_SECRET = "canary-secret-of-other-app"
CALLBACK = "https://app.example.com/callback"
STATE = "canary-state"
VERIFIER = "canary-verifier-of-at-least-forty-three-characters"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def query_of(answer: requests.Response) -> dict[str, str]:
    """The parameters of a redirect's location."""
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


@dataclass(frozen=True, kw_only=True)
class Client:
    """Speaks to a simulator; one session, so one browser."""

    simulator: Simulator
    session: requests.Session

    def get(self, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("http") else self.simulator.base_url + path
        return self.session.get(url, allow_redirects=False, timeout=10, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> requests.Response:
        return self.session.post(self.simulator.base_url + path, data, allow_redirects=False, timeout=10, **options)

    def domain(
        self, service: str = "sentinel", account: str = ACCOUNT, query: str = "version=1.0"
    ) -> requests.Response:
        return self.get(f"/api/account/{account}/service/{service}/baseURI.json?{query}")

    def authorize(self, account: str = ACCOUNT, **changes: Any) -> requests.Response:
        """Send an authorization request, some of its parameters changed or, with None, left out."""
        usual = {
            "v": "1.0",
            "response_type": "code",
            "client_id": APP,
            "redirect_uri": CALLBACK,
            "state": STATE,
        }
        return self.get(f"/sentinel/api/account/{account}/authorize", params={**usual, **changes})

    def submit(self, login: requests.Response, **form: str) -> requests.Response:
        """Fill in the login page that an authorization request led to."""
        return self.post(login.headers["Location"], form)

    def sign_in(self, name: str = "ada", password: str = DEFAULT_PASSWORD, **authorize: Any) -> str:
        """Sign in on the login page and give the code that reaches the callback."""
        submitted = self.submit(self.authorize(**authorize), username=name, password=password)
        return query_of(self.get(self.simulator.base_url + submitted.headers["Location"]))["code"]

    def token(
        self, form: Mapping[str, str | None], account: str = ACCOUNT, query: str = "v=2.0", **options: Any
    ) -> requests.Response:
        sent = {"client_id": APP, "client_secret": SECRET, **form}
        present = {name: value for name, value in sent.items() if value is not None}
        return self.post(f"/sentinel/api/account/{account}/token?{query}", present, **options)

    def exchange(self, code: str, account: str = ACCOUNT, **changes: Any) -> requests.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token({**form, **changes}, account)

    def refresh(self, refresh_token: str, account: str = ACCOUNT, **changes: Any) -> requests.Response:
        return self.token({"grant_type": "refresh_token", "refresh_token": refresh_token, **changes}, account)

    def revoke(self, token: str, account: str = ACCOUNT, query: str = "v=1.0", **changes: Any) -> requests.Response:
        sent = {"token": token, "client_id": APP, "client_secret": SECRET, **changes}
        present = {name: value for name, value in sent.items() if value is not None}
        return self.post(f"/sentinel/api/account/{account}/token/revoke?{query}", present)

    def user(self, access_token: str, account: str = ACCOUNT, user_id: str = "1001") -> requests.Response:
        return self.get(
            f"/api/account/{account}/configuration/le-users/users/{user_id}?v=6.0",
            headers={"Authorization": f"Bearer {access_token}"},
        )

    def control(self, method: str, path: str, json: Any = None) -> Any:
        url = f"{self.simulator.base_url}/_simulator/{path}"
        answer = self.session.request(method, url, json=json, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def issue_code(self, user_id: str = "1001") -> str:
        return self.simulator.issue_code(app_install_id=APP, account=ACCOUNT, user_id=user_id, redirect_uri=CALLBACK)

    def issue_refresh_token(self, user_id: str = "1001", app: str = APP) -> str:
        return self.simulator.issue_tokens(app_install_id=app, account=ACCOUNT, user_id=user_id).refresh_token


def open_client(simulator: Simulator) -> Iterator[Client]:
    with requests.Session() as session:
        session.trust_env = False
        yield Client(simulator=simulator, session=session)
