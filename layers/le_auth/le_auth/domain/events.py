"""What the application is told of its users, as events. They hold no secret, and the table stays the truth.

Source: design, EventBridge events; docs/events.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from le_auth.domain.grants import Scope
    from le_auth.domain.id_token import Identity
    from le_auth.domain.scheduled import Result
    from le_auth.domain.users import User

SOURCE = "le-app-auth"
VERSION = 1
"""Of the details' form: it grows where a field goes away or changes its meaning, not where one is added."""

type Kind = Literal["UserSignedIn", "AuthorizationLost", "UserSignedOut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a user's authorization and is stored.

    Args:
        facts: what is told beside user and time.
    """

    kind: Kind
    user: User
    facts: Mapping[str, str | bool] = field(default_factory=dict)

    def detail(self, *, at: datetime) -> dict[str, str | int]:
        """Give the event's own part of what receivers get, ready for JSON."""
        return {
            "version": VERSION,
            "account_id": self.user.account_id,
            "user_id": self.user.user_id,
            "time": int(at.timestamp()),
            **self.facts,
        }


def user_signed_in(identity: Identity) -> Event:
    facts = {"is_admin": identity.is_admin, "is_lpa": identity.is_lpa}
    return Event(kind="UserSignedIn", user=identity.user, facts=facts)


def authorization_lost(user: User, *, reason: str) -> Event:
    """The user must sign in again.

    Args:
        reason: slug of the SignInNeededError that ended the grant.
    """
    return Event(kind="AuthorizationLost", user=user, facts={"reason": reason})


def user_signed_out(user: User, *, scope: Scope) -> Event:
    return Event(kind="UserSignedOut", user=user, facts={"scope": str(scope)})


def authorizations_lost(results: Iterable[Result]) -> list[Event]:
    """Give an event for each refresh that ended its grant."""
    return [
        authorization_lost(result.user, reason=result.reason) for result in results if result.error_class == "permanent"
    ]
