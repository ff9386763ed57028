"""A simulator of LivePerson: Domain API, Sentinel (authorize, login, token, revoke) and Users API on one loopback port.

It follows LivePerson's public documentation strictly: what LivePerson would refuse it refuses.

In process:

    with Simulator() as simulator:                       # a free port of 127.0.0.1
        simulator.register(APP_INSTALL_ID, secrets=["..."], accounts=["le12345678"], redirect_uris=["https://..."])
        simulator.base_url                               # "http://127.0.0.1:41234"; `.host` without the scheme

    Simulator(port=0, clock=Clock(), settings=Settings(), wait=None, verbose=False)
        start(), stop(), reset()                         # reset: faults, journal, grants, sessions; the rest stays
        register(app_install_id, *, secrets, accounts, redirect_uris) -> AppInstall    # registering again replaces
        add_redirect_uri(app_install_id, redirect_uri)
        issue_code(*, app_install_id, account, user_id, redirect_uri, code_challenge=None) -> str
        issue_tokens(*, app_install_id, account, user_id) -> Tokens   # .access_token .refresh_token .grant
        public_key_pem                                   # what id tokens are signed with
    simulator.settings                                   # mutable at any time, see Settings for every field:
        reuse = "strict" | "lenient"                     # an old refresh token voids its grant | is merely refused
        revocation = "user" | "grant"                    # ends all grants of the user | only that one
        rotates, refresh_token_length, token_prefix, access_token_seconds, refresh_token_seconds, sends_expires_in,
        id_token_at_refresh, code_seconds, pending_seconds, sso_seconds, token_versions, pkce, issuer,
        callback_parameters,                             # added to or (None) taken from each redirect to the callback
        sentinel_hosts                                   # {account: "host:port"}, where an account lives elsewhere
    simulator.clock                                      # now(), advance(seconds), set(moment)
        Clock()                                          # the machine's time, plus what it was advanced by
        Clock(datetime(..., tzinfo=UTC))                 # stands still until advanced
    simulator.users.add(User(name=..., password=..., user_id="123", is_admin=False, is_lpa=False))
        # ready-made: ada (admin, 1001), ben (agent, 1002), lea (LPA, 1003), password DEFAULT_PASSWORD;
        # any digits-only user name with that password signs in as the user of that id
    simulator.faults.order(endpoint, kind, *, account=None, nth=1, times=1, **details) -> OrderedFault
        # endpoint: domain authorize login token-code token-refresh revoke users
        # nth: fires first at the n-th matching request from now; times=None: until cancelled or cleared
        # the answer: .fired (count), .reached (Event, set when a request meets it), .cancel()
        #   status                 status=500 body=None headers={}           not processed
        #   delay                  seconds= or until=Event, when="before" | "after" processing
        #   drop-before drop-after                                          the connection is closed without an answer
        #   malformed-body truncated-body                                   processed
        #   oversized-body         size=2_000_000                           processed, valid JSON with padding
        #   wrong-content          body= content_type="text/html"           processed
        #   slow                   seconds=0.1 chunk=16                     processed, then in small pieces
        #   fields                 fields={name: value, or None to remove}  processed, JSON answers
        #   missing-fields         names=["refresh_token"]                  token endpoint only, as all below
        #   empty-refresh-token    token-type value="mac"
        #   other-user user_id="999"         id-claims claims={name: value, or None to remove}
        #   id-signature value="none" | "HS256" | "foreign-key"
        # a 200 of your own, processed: wrong-content with body= and content_type="application/json"
        # a request meets every delay that matches and the first other fault that matches
    simulator.faults.clear()
    simulator.journal.entries(endpoint=None, account=None) -> list[Entry]
        # Entry: number, at, endpoint, method, account, status (None: dropped), error, grant, presented (SHA-256 of the
        # code or token), reuse (one was presented that had been used before), processed, fault
    simulator.journal.counts() -> dict[endpoint, int]; .reuses; .peak_token_concurrency; .peak_by_grant; .clear()
    simulator.grants.all(account=None, user_id=None) -> list[Grant]
        # Grant: id, account, client_id, user_id, generation (1 at sign-in), refreshes, live, ended_by
    simulator.grants.find_token(sha256_hex, now) -> TokenState | None
        # TokenState: kind "access" | "refresh", state "live" | "void" | "expired", generation, grant
    simulator.grants.end_user(account, user_id, by="operator") -> int  # as if LivePerson had ended them

The same over HTTP, JSON in and out (POST and PATCH need Content-Type application/json):

    GET    /_simulator/health                      {"base_url"}
    POST   /_simulator/faults                      {"endpoint", "kind", ...as order()} -> 201 {"id"}
    GET    /_simulator/faults                      {"faults": [{"id", "endpoint", "kind", "fired"}]}
    DELETE /_simulator/faults, /_simulator/faults/{id}
    GET    /_simulator/journal?endpoint=&account=  {"entries": [Entry], "counts", "reuses",
                                                    "peak_token_concurrency", "peak_by_grant"}
    DELETE /_simulator/journal
    GET    /_simulator/grants?account=&user_id=    {"grants": [Grant]}
    POST   /_simulator/grants/end                  {"account", "user_id"} -> {"ended"}
    GET    /_simulator/tokens/{sha256 hex}         {"kind", "state", "grant", "generation"}, 404 where unknown
    POST   /_simulator/installs                    {"app_install_id", "secrets", "accounts", "redirect_uris"}
    POST   /_simulator/redirect-uris               {"app_install_id", "redirect_uri"}
    POST   /_simulator/users                       {"name", "user_id", and optionally
                                                    "password", "is_admin", "is_lpa"}
    GET, PATCH /_simulator/settings                the fields of Settings
    GET, POST  /_simulator/clock                   {"now"}; {"advance_seconds"}
    GET    /_simulator/public-key                  {"pem"}
    POST   /_simulator/reset                       {}

As a process; the AppInstall's secret comes from the environment variable APP_INSTALL_SECRET, and one line
{"base_url": ...} is printed when it is ready:

    python -m local.simulator --port 0 --app-install ID --account A [--account B] --redirect-uri URI [--verbose] ...
"""

from local.simulator.clock import Clock
from local.simulator.faults import Fault, OrderedFault
from local.simulator.grant import Grant, Tokens, TokenState
from local.simulator.installs import AppInstall
from local.simulator.journal import Entry
from local.simulator.settings import Settings
from local.simulator.simulator import Simulator
from local.simulator.users import DEFAULT_PASSWORD, User

__all__ = [
    "DEFAULT_PASSWORD",
    "AppInstall",
    "Clock",
    "Entry",
    "Fault",
    "Grant",
    "OrderedFault",
    "Settings",
    "Simulator",
    "TokenState",
    "Tokens",
    "User",
]
