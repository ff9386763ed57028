"""The people who can sign in, the same on every account."""

import hmac
import re
from dataclasses import dataclass, field
from threading import Lock

# Shown on the login page: it guards nothing.
DEFAULT_PASSWORD = "simulator"  # noqa: S105
_USER_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A LivePerson user.

    Args:
        user_id: digits only, the id token's `sub`.
        is_lpa: a LivePerson internal administrator.
    """

    name: str
    user_id: str
    password: str = field(default=DEFAULT_PASSWORD, repr=False)
    is_admin: bool = False
    is_lpa: bool = False

    def __post_init__(self) -> None:
        if not _USER_ID.fullmatch(self.user_id):
            raise ValueError("a user id is 1 to 20 digits")


class Users:
    """Looks users up by name and by id."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_name: dict[str, User] = {}
        self.add(User(name="ada", user_id="1001", is_admin=True))
        self.add(User(name="ben", user_id="1002"))
        self.add(User(name="lea", user_id="1003", is_lpa=True))

    def add(self, user: User) -> None:
        """Add a user, or replace the one of the same name."""
        with self._lock:
            self._by_name[user.name] = user

    def all(self) -> list[User]:
        with self._lock:
            return list(self._by_name.values())

    def get(self, user_id: str) -> User:
        """Give the user of an id; ids nobody added belong to plain agents, so that tests can pick any."""
        named = next((user for user in self.all() if user.user_id == user_id), None)
        return named or User(name=user_id, user_id=user_id)

    def sign_in(self, name: str, password: str) -> User | None:
        """Check a name and password; a name of digits alone, not otherwise taken, is a user id."""
        with self._lock:
            user = self._by_name.get(name)
        if user is None and _USER_ID.fullmatch(name):
            user = self.get(name)
        if user is None or not hmac.compare_digest(user.password.encode(), password.encode()):
            return None
        return user
