"""MiniStack, closed to the web pages that a browser on this machine has open. Runs on MiniStack's own interpreter.

It takes whoever names the key `test` for the account's owner, and lets scripts of every origin read its answers. So a
page that found its port could read the AppInstall secret out of it. What a browser sends for a page is told by its
headers, and a name that was rebound to this machine by the Host header. The API, under a name of its own, is for them;
but the emulator answers its own paths, such as the one that empties it, under every name.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

type Scope = Mapping[str, Any]
type Application = Callable[[Scope, Any, Any], Awaitable[None]]

_HERE = re.compile(
    r"(([a-z0-9-]+\.)*localhost|[0-9.]+|\[[0-9a-f:.]+\]|host\.docker\.internal)(:[0-9]+)?", re.IGNORECASE
)
_API = re.compile(r"[0-9a-f]{8}\.execute-api\.localhost(:[0-9]+)?")
"""As the emulator compares it: under a name that only looks like an API's, it answers every AWS call."""
_ITS_OWN = "/_"
_FOREIGN = {"cross-site", "same-site"}


def names_this_machine(host: str) -> bool:
    """Tell whether a Host header is this machine's own, and not a name that somebody has led here."""
    return _HERE.fullmatch(host) is not None


def is_refused(headers: Mapping[str, str], path: str) -> bool:
    """Tell whether a web page may have sent this, and not to the API.

    Args:
        headers: by lower-case name.
    """
    host = headers.get("host", "")
    if _API.fullmatch(host):
        return path.startswith(_ITS_OWN)
    is_for_a_page = "origin" in headers or headers.get("sec-fetch-site") in _FOREIGN
    return is_for_a_page or not names_this_machine(host)


def guard(application: Application) -> Application:
    """Give an ASGI application that refuses what a web page may have sent."""

    async def guarded(scope: Scope, receive: Any, send: Any) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
        if scope["type"] == "lifespan" or not is_refused(headers, scope["path"]):
            await application(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "websocket.close", "code": 1008})

    return guarded


def main() -> None:
    from ministack import app as ministack

    ministack.app = guard(ministack.app)
    ministack.main()


if __name__ == "__main__":
    main()
