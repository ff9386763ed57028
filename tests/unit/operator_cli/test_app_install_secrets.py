"""What may be stored as an AppInstall secret, and how the stored JSON changes."""

from __future__ import annotations

import json

import pytest

from le_auth.domain.secret import Secret
from operator_cli.app_install_secrets import AppInstallSecretContent, add, read_typed
from operator_cli.errors import OperatorError

CLIENT_ID, OTHER_ID = "75588e18-0213-4e33-8174-883acac7e3c4", "0b9a3c6e-5a3c-4c5e-9d0e-2f1a7c4b8d11"
OLD, NEW, OTHER = "canary-old-secret-000001", "canary-new-secret-000002", "canary-other-secret-003"


def content(stored: object) -> AppInstallSecretContent:
    return AppInstallSecretContent.read(Secret(json.dumps(stored)))


@pytest.mark.parametrize("typed", [NEW, f"{NEW}\n", f"{NEW}\r\n", "x" * 8, "x" * 512, "q2~!#$%&'()*+,-./:;<=>?@[]"])
def test_a_secret_is_taken_as_it_was_typed_or_piped(typed: str) -> None:
    assert read_typed(typed, client_id=CLIENT_ID).reveal() == typed.strip("\r\n")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\n", "empty"),
        (CLIENT_ID, "AppInstall id"),
        (OTHER_ID, "AppInstall id"),
        ("short77", "from 8 to 512"),
        ("x" * 513, "from 8 to 512"),
        (f"secret: {NEW}", "spaces"),
        (f"{NEW}\t", "control characters"),
        (f"{NEW}\n{NEW}", "control characters"),
        ("canary-sécret-000001", "outside of ASCII"),
        ("ChangeMe", "placeholder"),
    ],
)
def test_what_cannot_be_a_secret_is_refused_and_never_repeated(typed: str, why: str) -> None:
    with pytest.raises(OperatorError, match=why) as refused:
        read_typed(typed, client_id=CLIENT_ID)

    assert refused.value.reason == "secret_form"
    assert not typed.strip() or typed.strip() not in f"{refused.value} {refused.value.remedy}"


@pytest.mark.parametrize(
    ("stored", "listed"),
    [({}, []), ({CLIENT_ID: OLD}, [OLD]), ({CLIENT_ID: [NEW, OLD]}, [NEW, OLD]), ({CLIENT_ID: 7}, [])],
)
def test_an_app_install_s_secrets_are_read_newest_first(stored: object, listed: list[str]) -> None:
    assert content(stored).listed(CLIENT_ID) == [Secret(value) for value in listed]


@pytest.mark.parametrize("text", ["", "canary-not-json", "[]", '"canary-a-string"', "null"])
def test_stored_text_of_another_form_is_not_overwritten(text: str) -> None:
    with pytest.raises(OperatorError) as refused:
        AppInstallSecretContent.read(Secret(text))

    assert (refused.value.reason, "--start-over" in refused.value.remedy) == ("secret_malformed", True)
    assert "canary" not in str(refused.value)


def test_storing_one_app_install_s_secret_keeps_those_of_others() -> None:
    text = content({OTHER_ID: OTHER, CLIENT_ID: OLD}).with_listed(CLIENT_ID, [Secret(NEW)])

    assert json.loads(text.reveal()) == {OTHER_ID: OTHER, CLIENT_ID: NEW}


def test_several_are_stored_as_a_list() -> None:
    text = content({}).with_listed(CLIENT_ID, [Secret(NEW), Secret(OLD)])

    assert json.loads(text.reveal()) == {CLIENT_ID: [NEW, OLD]}


@pytest.mark.parametrize(
    ("listed", "then"),
    [([], [NEW]), ([OLD], [NEW, OLD]), ([OLD, OTHER], [NEW, OLD]), ([NEW], [NEW]), ([OLD, NEW], [NEW, OLD])],
)
def test_a_new_secret_goes_in_front_of_the_one_in_use(listed: list[str], then: list[str]) -> None:
    assert add(Secret(NEW), [Secret(value) for value in listed]) == [Secret(value) for value in then]


def test_no_part_of_a_change_prints_a_secret() -> None:
    stored = content({CLIENT_ID: OLD})

    assert "canary" not in repr([stored, stored.listed(CLIENT_ID), read_typed(NEW, client_id=CLIENT_ID)])
