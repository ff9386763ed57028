"""Everything that the endpoints share."""

from dataclasses import dataclass, field

from local.simulator.clock import Clock
from local.simulator.faults import Faults
from local.simulator.grants import Grants
from local.simulator.installs import Installs
from local.simulator.journal import Journal
from local.simulator.sessions import Sessions
from local.simulator.settings import Settings
from local.simulator.users import Users


@dataclass(slots=True, kw_only=True)
class World:
    """One simulated LivePerson.

    Args:
        host: "host:port" under which all its services answer.
    """

    clock: Clock
    settings: Settings
    host: str = ""
    users: Users = field(default_factory=Users)
    installs: Installs = field(default_factory=Installs)
    faults: Faults = field(default_factory=Faults)
    grants: Grants = field(init=False)
    sessions: Sessions = field(init=False)
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self.grants = Grants(self.settings)
        self.sessions = Sessions(self.settings)
        self.journal = Journal(self.clock)

    def knows_account(self, account: str) -> bool:
        return self.installs.knows_account(account)

    def reset(self) -> None:
        """Forget what happened; users, applications and settings stay."""
        self.faults.clear()
        self.journal.clear()
        self.grants.clear()
        self.sessions.clear()
        self.clock.reset()
