"""What `make run` is asked for."""

import pytest

from local.runner.command import read_options
from local.runner.errors import RunError
from local.runner.options import LivePerson, Options, read_app_installs

SECRET = "app-install-secret-canary"
OTHER = {"DOMAIN_API_URL": "http://127.0.0.1:9000/", "APP_INSTALLS": "le1=app-1, le2=app-2"}


def test_nothing_asked_means_the_simulator_on_any_port() -> None:
    assert read_options({}) == Options()


def test_another_liveperson_is_taken_with_its_secret_from_the_environment() -> None:
    assert read_options({**OTHER, "PORT": "9400", "APP_INSTALL_SECRET": SECRET}) == Options(
        port=9400,
        live_person=LivePerson(
            domain_api_url="http://127.0.0.1:9000", app_installs="le1=app-1,le2=app-2", secret=SECRET
        ),
    )


def test_the_secret_is_not_shown_with_the_options() -> None:
    assert SECRET not in repr(read_options({**OTHER, "APP_INSTALL_SECRET": SECRET}))


def test_a_secret_that_cannot_be_asked_for_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(RunError, match="APP_INSTALL_SECRET is missing"):
        read_options(OTHER)


def test_in_a_terminal_the_secret_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda prompt: SECRET if "secret" in prompt else "")
    options = read_options(OTHER)
    assert options.live_person is not None
    assert options.live_person.secret == SECRET


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"DOMAIN_API_URL": "https://api.example.com"}, "needs APP_INSTALLS"),
        ({"APP_INSTALLS": "le1=a"}, "goes with DOMAIN_API_URL"),
        ({"DOMAIN_API_URL": "http://api.example.com", "APP_INSTALLS": "le1=a"}, "must be https"),
        ({"DOMAIN_API_URL": "https://api.example.com/path", "APP_INSTALLS": "le1=a"}, "without a path"),
        ({"DOMAIN_API_URL": "api.example.com", "APP_INSTALLS": "le1=a"}, "must be https"),
        ({"DOMAIN_API_URL": "https://api.example.com", "APP_INSTALLS": "le1"}, "must read account=id"),
        ({"DOMAIN_API_URL": "https://api.example.com", "APP_INSTALLS": "le1=a,"}, "must read account=id"),
        ({"PORT": "http"}, "PORT must be a number"),
    ],
)
def test_what_cannot_be_done_is_told(asked: dict[str, str], expected: str) -> None:
    with pytest.raises(RunError, match=expected):
        read_options({"APP_INSTALL_SECRET": SECRET, **asked})


def test_app_installs_are_read_by_account() -> None:
    assert read_app_installs("le1=a,le2=b") == {"le1": "a", "le2": "b"}
