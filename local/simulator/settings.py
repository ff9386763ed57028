"""What of Sentinel's behaviour is undocumented, differs between documents, or should be shorter in a test."""

import re
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_type_hints

_CHOICES = {"reuse": ("strict", "lenient"), "revocation": ("user", "grant")}


@dataclass(slots=True, kw_only=True)
class Settings:
    """Changeable at any time; a change counts from the next request.

    Args:
        reuse: what an old refresh token does: "strict" voids its grant, "lenient" is merely refused.
        revocation: "user" ends all grants and sessions of the token's user, "grant" only the token's own.
        rotates: whether a refresh answers with a new refresh token; else it names none and the old one stays.
        refresh_token_length: hex characters.
        token_prefix: hex, of 48 characters at most; codes and tokens begin with it, for a search that is to find them.
        refresh_token_seconds: None: it lasts until it is used.
        callback_parameters: added to each redirect to the callback; None takes a parameter away.
        sentinel_hosts: "host:port" by account, told by the Domain API in place of the simulator's own.
        cookie_attributes: "SameSite=None; Secure; Partitioned" lets a browser sign in inside a foreign frame.
    """

    reuse: Literal["strict", "lenient"] = "strict"
    revocation: Literal["user", "grant"] = "user"
    rotates: bool = True
    refresh_token_length: int = 300
    token_prefix: str = ""
    access_token_seconds: int = 3600
    refresh_token_seconds: int | None = None
    sends_expires_in: bool = False
    id_token_at_refresh: bool = False
    code_seconds: int = 60
    pending_seconds: int = 600
    sso_seconds: int = 8 * 3600
    token_versions: tuple[str, ...] = ("2.0", "1.0")
    pkce: bool = True
    issuer: str = "Sentinel"
    callback_parameters: dict[str, str | None] = field(default_factory=dict)
    sentinel_hosts: dict[str, str] = field(default_factory=dict)
    cookie_attributes: str = "SameSite=Lax"

    def change(self, changes: dict[str, Any]) -> None:
        """Take over decoded JSON, all or nothing.

        Raises:
            ValueError: an unknown name, or a value of another type than the present one.
        """
        checked = {name: self._check(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def _check(self, name: str, value: Any) -> Any:
        if name not in {known.name for known in fields(self)}:
            raise ValueError(f"no setting {name}")
        if value not in _CHOICES.get(name, (value,)):
            raise ValueError(f"{name} is one of {', '.join(_CHOICES[name])}")
        if name == "token_prefix" and not re.fullmatch(r"([0-9a-f]{2}){0,24}", str(value)):
            raise ValueError("token_prefix is hex, of 48 characters at most")
        if name == "refresh_token_seconds":
            allowed: tuple[type, ...] = (int, type(None))
        else:
            allowed = (list, tuple) if name == "token_versions" else (type(getattr(self, name)),)
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise ValueError(f"{name} is of the wrong type: {get_type_hints(type(self))[name]} is meant")
        return tuple(value) if isinstance(value, list) else value

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
