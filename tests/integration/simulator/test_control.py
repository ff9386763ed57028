import dataclasses

import pytest

from local.simulator import Settings, Simulator
from tests.integration.simulator.sentinel_client import (
    ACCOUNT,
    APP,
    CALLBACK,
    OTHER_APP,
    Client,
    query_of,
    sha256,
)


def test_it_says_where_it_is(client: Client, simulator: Simulator) -> None:
    assert client.control("GET", "health") == {"base_url": simulator.base_url}


def test_faults_are_ordered_listed_and_cancelled(client: Client) -> None:
    order = {"endpoint": "domain", "kind": "status", "status": 503, "account": ACCOUNT, "nth": 1, "times": None}
    number = client.control("POST", "faults", order)["id"]

    assert client.domain().status_code == 503
    assert client.control("GET", "faults")["faults"] == [
        {"id": number, "endpoint": "domain", "kind": "status", "fired": 1}
    ]
    client.control("DELETE", f"faults/{number}")
    assert client.domain().status_code == 200

    client.control("POST", "faults", order)
    client.control("DELETE", "faults")
    assert client.domain().status_code == 200


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"endpoint": "domain"},
        {"endpoint": "domain", "kind": "unknown"},
        {"endpoint": "domain", "kind": "status", "colour": "red"},
        {"endpoint": "domain", "kind": "delay", "until": "noon"},
        {"endpoint": "domain", "kind": "status", "times": "x"},
        [],
    ],
)
def test_an_order_that_makes_no_sense_is_a_bad_request(client: Client, order: object) -> None:
    answer = client.post("/_simulator/faults", json=order)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert client.domain().status_code == 200


def test_the_journal_is_read_and_cleared(client: Client, simulator: Simulator) -> None:
    token = client.issue_refresh_token()
    client.refresh(token)
    client.refresh(token)
    client.domain()

    journal = client.control("GET", f"journal?endpoint=token-refresh&account={ACCOUNT}")

    assert journal["counts"] == {"token-refresh": 2, "domain": 1}
    assert (journal["reuses"], journal["peak_token_concurrency"]) == (1, 1)
    assert journal["peak_by_grant"] == {"g000001": 1}
    assert journal["entries"][1] == {
        "number": 2,
        "at": simulator.clock.now().isoformat(),
        "endpoint": "token-refresh",
        "method": "POST",
        "account": ACCOUNT,
        "presented": sha256(token),
        "grant": "g000001",
        "status": 400,
        "error": "invalid_grant",
        "reuse": True,
        "processed": True,
        "fault": None,
    }
    client.control("DELETE", "journal")
    assert client.control("GET", "journal")["entries"] == []


def test_grants_are_listed_without_tokens(client: Client) -> None:
    client.refresh(client.issue_refresh_token())
    client.issue_refresh_token("1002")

    assert client.control("GET", f"grants?account={ACCOUNT}&user_id=1001") == {
        "grants": [
            {
                "id": "g000001",
                "account": ACCOUNT,
                "client_id": APP,
                "user_id": "1001",
                "generation": 2,
                "ended_by": None,
                "refreshes": 1,
                "live": True,
            }
        ]
    }


def test_a_tokens_hash_tells_whether_it_is_live(client: Client) -> None:
    old = client.issue_refresh_token()
    new = client.refresh(old).json()["refresh_token"]

    assert client.control("GET", f"tokens/{sha256(old)}") == {
        "kind": "refresh",
        "state": "void",
        "grant": "g000001",
        "generation": 1,
    }
    assert client.control("GET", f"tokens/{sha256(new)}")["state"] == "live"
    assert client.get(f"/_simulator/tokens/{sha256('canary')}").status_code == 404


def test_a_users_grants_can_be_ended(client: Client) -> None:
    token = client.issue_refresh_token()

    assert client.control("POST", "grants/end", {"account": ACCOUNT, "user_id": "1001"}) == {"ended": 1}
    assert client.refresh(token).json()["error"] == "invalid_grant"


def test_applications_redirect_uris_and_users_are_registered(client: Client) -> None:
    install = {"app_install_id": "new", "secrets": ["canary"], "accounts": ["le1"], "redirect_uris": []}
    client.control("POST", "installs", install)
    client.control("POST", "redirect-uris", {"app_install_id": "new", "redirect_uri": CALLBACK})
    client.control("POST", "users", {"name": "eve", "user_id": "66", "password": "canary-eve", "is_admin": True})

    code = client.sign_in("eve", "canary-eve", account="le1", client_id="new")

    assert client.exchange(code, "le1", client_id="new", client_secret="canary").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("redirect-uris", {"app_install_id": "unknown", "redirect_uri": CALLBACK}),
        ("redirect-uris", {}),
        ("installs", {"app_install_id": OTHER_APP, "secrets": "s", "accounts": [], "redirect_uris": []}),
        ("users", {"name": "eve", "user_id": "eve"}),
        ("users", {"name": "eve"}),
        ("clock", {"advance_seconds": "soon"}),
        ("nowhere", {}),
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, path: str, body: object) -> None:
    assert client.post(f"/_simulator/{path}", json=body).status_code in {400, 404}


def test_settings_are_read_and_changed(client: Client, simulator: Simulator) -> None:
    changed = client.control("PATCH", "settings", {"reuse": "lenient", "token_versions": ["1.0"], "pkce": False})

    assert changed.keys() == {field.name for field in dataclasses.fields(Settings)}
    assert (simulator.settings.reuse, simulator.settings.token_versions) == ("lenient", ("1.0",))
    assert client.control("GET", "settings")["pkce"] is False


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": 1},
        {"reuse": "never"},
        {"code_seconds": "60"},
        {"code_seconds": True},
        {"pkce": 1},
        {"reuse": []},
        {"token_prefix": "x"},
    ],
)
def test_a_wrong_setting_changes_nothing(client: Client, simulator: Simulator, changes: dict[str, object]) -> None:
    url = f"{simulator.base_url}/_simulator/settings"

    answer = client.session.patch(url, json={"issuer": "changed", **changes}, timeout=10)

    assert answer.status_code == 400
    assert simulator.settings == Settings()


def test_an_expiry_can_be_set_and_taken_away(client: Client, simulator: Simulator) -> None:
    client.control("PATCH", "settings", {"refresh_token_seconds": 60})
    assert simulator.settings.refresh_token_seconds == 60

    client.control("PATCH", "settings", {"refresh_token_seconds": None})
    assert simulator.settings.refresh_token_seconds is None


def test_the_clock_is_advanced(client: Client, simulator: Simulator) -> None:
    before = simulator.clock.now()

    now = client.control("POST", "clock", {"advance_seconds": 90})["now"]

    assert (simulator.clock.now() - before).total_seconds() == 90
    assert client.control("GET", "clock")["now"] == now == simulator.clock.now().isoformat()


def test_the_public_key_is_given(client: Client, simulator: Simulator) -> None:
    assert client.control("GET", "public-key")["pem"] == simulator.public_key_pem


def test_a_reset_forgets_what_happened_and_keeps_what_was_set_up(client: Client, simulator: Simulator) -> None:
    client.sign_in()
    client.issue_refresh_token()
    simulator.faults.order("domain", "status")
    simulator.clock.advance(60)
    noon = simulator.clock.now().replace(minute=0)

    client.control("POST", "reset", {})

    assert simulator.grants.all() == []
    assert simulator.journal.entries() == []
    assert simulator.clock.now() == noon
    assert client.domain().status_code == 200
    assert "/login" in client.authorize().headers["Location"]
    assert client.exchange(client.sign_in()).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_page_in_a_browser_cannot_steer_it(client: Client, content_type: str | None) -> None:
    answer = client.post("/_simulator/reset", b"{}", headers={"Content-Type": content_type})

    assert answer.status_code == 400


def test_steering_leaves_no_trace_in_the_journal(client: Client, simulator: Simulator) -> None:
    client.control("GET", "journal")

    assert simulator.journal.entries() == []


def test_callback_parameters_can_be_set(client: Client) -> None:
    client.control("PATCH", "settings", {"callback_parameters": {"iss": "https://evil.example.com"}})
    client.sign_in()

    assert query_of(client.authorize())["iss"] == "https://evil.example.com"


def test_codes_and_tokens_begin_as_is_asked_for(client: Client, simulator: Simulator) -> None:
    client.control("PATCH", "settings", {"token_prefix": "63616e617279"})

    code = simulator.issue_code(app_install_id=APP, account=ACCOUNT, user_id="1001", redirect_uri=CALLBACK)
    tokens = simulator.issue_tokens(app_install_id=APP, account=ACCOUNT, user_id="1001")

    drawn = [code, tokens.access_token, tokens.refresh_token]
    assert {token[:12] for token in drawn} == {"63616e617279"}
    assert [len(token) for token in drawn] == [64, 64, 300]
