"""The manifest for LivePerson, and each of LivePerson's limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from operator_cli.manifests import Application, find_violations, write_manifest

APPLICATION = Application(
    client_name="com.example.my-app",
    display_name="My application",
    description="What it does",
    profiles=[0, 1],
    quick_launch=True,
)
LAUNCH, CALLBACK = "https://auth.example.com/launch", "https://auth.example.com/callback"


def manifest(**changes: Any) -> dict[str, Any]:
    written = write_manifest(APPLICATION, launch_url=LAUNCH, callback_url=CALLBACK)
    return {name: value for name, value in {**written, **changes}.items() if value is not None}


def uri(length: int) -> str:
    return CALLBACK.ljust(length, "x")


def test_a_manifest_has_the_stack_s_addresses_and_what_the_flow_needs() -> None:
    assert manifest() == {
        "client_name": "com.example.my-app",
        "display_name": "My application",
        "description": "What it does",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "entry_uri": LAUNCH,
        "redirect_uris": [CALLBACK],
        "quick_launch_enabled": True,
        "enabled_for_profiles": [0, 1],
    }


def test_it_has_a_logo_a_scope_and_further_redirect_uris_where_they_are_given() -> None:
    application = replace(
        APPLICATION,
        logo_uri="https://example.com/logo.png",
        scope="read write",
        further_redirect_uris=["http://localhost:8400/callback"],
    )
    written = write_manifest(application, launch_url=LAUNCH, callback_url=CALLBACK)

    assert written["logo_uri"] == "https://example.com/logo.png"
    assert written["scope"] == "read write"
    assert written["redirect_uris"] == [CALLBACK, "http://localhost:8400/callback"]
    assert find_violations(written) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"client_name": "n" * 128, "display_name": "n" * 128, "description": "n" * 256},
        {"redirect_uris": [uri(128)], "entry_uri": uri(1024), "logo_uri": uri(1024)},
        {"quick_launch_enabled": False, "enabled_for_profiles": []},
        {"quick_launch_enabled": None, "enabled_for_profiles": None, "display_name": None, "description": None},
        {"redirect_uris": ["http://127.0.0.1:8400/callback"]},
    ],
)
def test_a_manifest_up_to_the_limits_is_taken(changes: dict[str, Any]) -> None:
    assert find_violations(manifest(**changes)) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"client_name": ""}, "client_name is missing."),
        ({"client_name": 7}, "client_name must be a string."),
        ({"client_name": "n" * 129}, "client_name has 129 characters; LivePerson takes at most 128."),
        ({"display_name": "n" * 129}, "display_name has 129 characters; LivePerson takes at most 128."),
        ({"description": "n" * 257}, "description has 257 characters; LivePerson takes at most 256."),
        ({"entry_uri": None}, "entry_uri is missing."),
        ({"entry_uri": uri(1025)}, "entry_uri has 1025 characters; LivePerson takes at most 1024."),
        ({"entry_uri": "http://auth.example.com/launch"}, "entry_uri must be an https address without a fragment."),
        ({"logo_uri": uri(1025)}, "logo_uri has 1025 characters; LivePerson takes at most 1024."),
        ({"logo_uri": "logo.png"}, "logo_uri must be an https address without a fragment."),
        ({"redirect_uris": []}, "redirect_uris must be a list with at least one URI."),
        ({"redirect_uris": CALLBACK}, "redirect_uris must be a list with at least one URI."),
        ({"redirect_uris": [7]}, "redirect_uris must hold strings."),
        (
            {"redirect_uris": [uri(129)]},
            f"A redirect URI has 129 characters; LivePerson takes at most 128: {uri(129)}",
        ),
        (
            {"redirect_uris": [f"{CALLBACK}#x"]},
            f"A redirect URI must be an https address without a fragment: {CALLBACK}#x",
        ),
        (
            {"redirect_uris": ["https://[/callback"]},
            "A redirect URI must be an https address without a fragment: https://[/callback",
        ),
        ({"redirect_uris": [CALLBACK, CALLBACK]}, "redirect_uris names one twice."),
        ({"grant_types": ["authorization_code"]}, "grant_types must hold authorization_code and refresh_token."),
        ({"response_types": None}, "response_types must hold code."),
        ({"quick_launch_enabled": "yes"}, "quick_launch_enabled must be true or false."),
        ({"enabled_for_profiles": [True]}, "enabled_for_profiles must be a list of profile numbers."),
        (
            {"enabled_for_profiles": []},
            "quick_launch_enabled shows the application to nobody while enabled_for_profiles is empty.",
        ),
    ],
)
def test_each_violation_is_named(changes: dict[str, Any], named: str) -> None:
    assert find_violations(manifest(**changes)) == [named]


def test_all_violations_are_named_at_once() -> None:
    assert len(find_violations({})) == 5
