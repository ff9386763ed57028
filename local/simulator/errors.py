"""How an endpoint refuses a request."""

from collections.abc import Mapping


class RefusedError(Exception):
    """The request is refused with a status and an error code.

    Args:
        error: RFC 6749 section 5.2's code where that applies.
        grant: id of the grant concerned.
        reuse: a code or refresh token was presented that had been used before.
    """

    def __init__(  # noqa: PLR0913  (an answer has that many parts)
        self,
        status: int,
        error: str,
        description: str,
        *,
        headers: Mapping[str, str] | None = None,
        grant: str | None = None,
        reuse: bool = False,
    ) -> None:
        super().__init__(f"{status} {error}: {description}")
        self.status = status
        self.error = error
        self.description = description
        self.headers = dict(headers or {})
        self.grant = grant
        self.reuse = reuse


def invalid_request(description: str) -> RefusedError:
    return RefusedError(400, "invalid_request", description)


def invalid_site() -> RefusedError:
    return RefusedError(401, "invalid_site", "No such account.")


def invalid_grant(description: str, *, grant: str | None = None, reuse: bool = False) -> RefusedError:
    return RefusedError(400, "invalid_grant", description, grant=grant, reuse=reuse)
