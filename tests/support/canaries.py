"""Every test's secrets, and all that came out while it ran: at its end the one is searched for the other.

What is secret is known without asking the code that must not let it out: what the simulator of LivePerson issues, what
is drawn at random, what a test stores as a secret, and the cookies and form tokens of the answers. What the code itself
takes for a `Secret` comes on top.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.secrets_seen import SHORTEST, Finder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HELD = "Secret"
"""Of a kind that only the code knows."""
SET_COOKIE = "Set-Cookie"
STATE_OF_LAUNCH = "state in the Location of launch"
FORM = "form of a page"
VENDED = "access_token of the answer of access_token"
SEALED_IN_TABLE = "attribute sealed of the table"
SEALED_IN_RESCUE = "sealed of a rescue"

RIGHT_PLACES: Mapping[str, frozenset[str]] = {
    SET_COOKIE: frozenset({"cookie", "code verifier"}),  # this browser is to have it; launch's carries the verifier
    STATE_OF_LAUNCH: frozenset({"state"}),  # LivePerson sends it back
    FORM: frozenset({"form token"}),  # the form sends it back
    VENDED: frozenset({"access token"}),  # what the back end asks for
    SEALED_IN_TABLE: frozenset({"sealed tokens"}),  # where they are kept
    SEALED_IN_RESCUE: frozenset({"sealed tokens"}),  # where they are kept while the table does not answer
}
"""Where a secret rightly is, and which: any other is a leak there too."""

_FORM_TOKEN = re.compile(r'(name="form_token" value=")([^"]+)')
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STORES_SECRETS = {"CreateSecret", "PutSecretValue"}


class Watch:
    """One test's secrets, by what they are, and what came out, by channel."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._emitted: dict[str, set[str]] = {}

    def forget(self) -> None:
        self._kinds.clear()
        self._emitted.clear()

    def keep(self, kind: str, value: str) -> None:
        """Take a value for a secret from now on, of this kind whatever it was taken for before; an id is none."""
        if len(value) >= SHORTEST and not _UUID.fullmatch(value):
            self._kinds[value] = kind

    def keep_unknown(self, kind: str, value: str) -> None:
        """Take a value for a secret, unless it is known for what it is."""
        if value not in self._kinds:
            self.keep(kind, value)

    def disregard(self, kind: str) -> None:
        """Search for none of this kind."""
        self._kinds = {value: known for value, known in self._kinds.items() if known != kind}

    def emit(self, channel: str, text: str) -> None:
        """Note what came out."""
        if text:
            self._emitted.setdefault(channel, set()).update(text.splitlines())

    @property
    def canaries(self) -> Counter[str]:
        """How many secrets there are of each kind."""
        return Counter(list(self._kinds.values()))

    @property
    def sizes(self) -> Counter[str]:
        """How many characters each channel let out; what it repeated counts once."""
        return Counter({channel: sum(map(len, lines)) for channel, lines in list(self._emitted.items())})

    def leaks(self) -> list[str]:
        """Name each kind of secret that came out, and where, never its value."""
        finder = Finder({f"{number} {kind}": value for number, (value, kind) in enumerate(self._searched())})
        found: set[str] = set()
        for channel, lines in list(self._emitted.items()):
            kinds = {name.partition(" ")[2] for name in finder.find("\n".join(lines))}
            found |= {f"{kind} in {channel}" for kind in kinds - RIGHT_PLACES.get(channel, frozenset())}
        return sorted(found)

    def _searched(self) -> list[tuple[str, str]]:
        """Give each secret with its kind, less what the code holds that is part of a secret of a known kind."""
        kinds = list(self._kinds.items())
        known = "\n".join(value for value, kind in kinds if kind != HELD)
        return [(value, kind) for value, kind in kinds if kind != HELD or value not in known]

    # ---- what comes out in parts, each with its right place ----

    def answered(self, function: str, answer: object) -> None:
        """Note a function's answer, and take the cookies and form tokens in it for secrets."""
        if isinstance(answer, dict):
            answer = self._without_token(answer) if function == "access_token" else answer
            answer = {**answer, "cookies": [self._without_value(cookie) for cookie in answer.get("cookies", [])]}
            if function == "launch":
                self._launched(answer)
            answer = {**answer, "body": _FORM_TOKEN.sub(self._without_form_token, str(answer.get("body", "")))}
        self.emit(f"answer of {function}", json.dumps(answer, default=repr))

    def _without_token(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        content = json.loads(answer["body"]) if "body" in answer else dict(answer)
        self.emit(VENDED, content.pop("access_token", ""))
        return {**answer, "body": json.dumps(content)} if "body" in answer else content

    def _without_value(self, cookie: str) -> str:
        name, _, rest = cookie.partition("=")
        value, _, attributes = rest.partition(";")
        self.keep("cookie", value)
        self.emit(SET_COOKIE, value)
        return f"{name};{attributes}"

    def _launched(self, answer: dict[str, Any]) -> None:
        location = answer["headers"].get("Location", "")
        for state in parse_qs(urlsplit(location).query).get("state", []):
            self.keep("state", state)
            self.emit(STATE_OF_LAUNCH, state)
            location = location.replace(state, "")
        answer["headers"] = {**answer["headers"], "Location": location}

    def _without_form_token(self, found: re.Match[str]) -> str:
        self.keep("form token", found[2])
        self.emit(FORM, found[2])
        return found[1]

    def asked_of_aws(self, operation: str, params: Mapping[str, Any]) -> None:
        """Note what was sent to AWS: items, messages, events and all else."""
        if operation in _STORES_SECRETS:
            self._stored(params.get("SecretString", ""))
            params = {**params, "SecretString": ""}  # the store of secrets itself
        self.emit(f"{operation} at AWS", json.dumps(self._without_sealed(params), default=repr))

    def _stored(self, text: str) -> None:
        try:
            content = json.loads(text)
        except ValueError:
            content = text
        for value in _secrets_of(content):
            self.keep("stored secret", value)

    def _without_sealed(self, content: Any, name: str = "") -> Any:
        """Take the sealed tokens out of a request."""
        match content:
            case dict():
                return {key: self._without_sealed(value, key if key != "B" else name) for key, value in content.items()}
            case list() | tuple():
                return [self._without_sealed(value, name) for value in content]
            case bytes() if name in {"sealed", ":sealed"}:
                self._sealed(SEALED_IN_TABLE, content.hex(), content)
                return ""
            case bytes():
                return content.hex() if name != "Payload" else content.decode(errors="replace")
            case str() if name == "MessageBody":
                return self._without_sealed_rescue(content)
        return content

    def _without_sealed_rescue(self, body: str) -> str:
        try:
            content = json.loads(body)
            sealed = b64decode(content["sealed"])
        except (ValueError, KeyError, TypeError):
            return body
        self._sealed(SEALED_IN_RESCUE, content.pop("sealed"), sealed)
        return json.dumps(content)

    def _sealed(self, place: str, text: str, sealed: bytes) -> None:
        self.keep("sealed tokens", sealed.hex())
        self.emit(place, text)


def _secrets_of(content: object) -> Iterator[str]:
    """Give the secrets in what Secrets Manager stores; the id of a sealing key is none."""
    match content:
        case str():
            yield content
        case dict():
            for name, value in content.items():
                if name != "id":
                    yield from _secrets_of(value)
        case list():
            for value in content:
                yield from _secrets_of(value)


watch = Watch()
"""Of the test that runs."""
