from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from le_auth.domain.sentinel_api import Sentinel
from le_auth.errors import SettingError
from le_auth.settings import (
    Environment,
    LivePersonSettings,
    WebSettings,
    is_loopback,
    read_app_installs,
    read_idle,
    read_interval,
    read_session_lifetime,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def environment(**variables: str) -> Environment:
    return Environment(variables=variables)


def liveperson(**variables: str) -> LivePersonSettings:
    return LivePersonSettings.read(environment(**variables))


def web(**variables: str) -> WebSettings:
    return WebSettings.read(environment(**variables))


# ---- reading by name ----


def test_a_text_is_read_without_the_spaces_around_it() -> None:
    assert environment(NAME="  value ").text("NAME") == "value"


@pytest.mark.parametrize("variables", [{}, {"NAME": ""}, {"NAME": "  "}])
def test_what_is_empty_is_as_good_as_missing(variables: dict[str, str]) -> None:
    assert environment(**variables).text("NAME", "default") == "default"
    with pytest.raises(SettingError, match="NAME is not set"):
        environment(**variables).text("NAME")


def test_the_environment_is_not_printed_since_it_holds_credentials() -> None:
    assert "canary" not in repr(environment(AWS_SECRET_ACCESS_KEY="canary"))


def test_the_process_has_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_URL", "https://app.example.com")

    assert Environment.of_process().text("APP_URL") == "https://app.example.com"


@pytest.mark.parametrize(
    ("value", "flag"), [("true", True), ("True", True), ("false", False), ("FALSE", False), ("", False)]
)
def test_a_flag_is_true_or_false(value: str, *, flag: bool) -> None:
    assert environment(FLAG=value).flag("FLAG") is flag


@pytest.mark.parametrize("value", ["yes", "1", "0", "truth"])
def test_another_flag_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingError, match="FLAG must be true or false"):
        environment(FLAG=value).flag("FLAG")


@pytest.mark.parametrize("value", ["4", "11", "-5", "5.0", "five", "５", "1" * 5000])
def test_a_number_out_of_its_bounds_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingError, match="NUMBER must be a number from 5 to 10"):
        environment(NUMBER=value).number("NUMBER", 7, least=5, most=10)


@pytest.mark.parametrize(("value", "number"), [("", 7), ("5", 5), (" 10 ", 10)])
def test_a_number_within_its_bounds_is_read(value: str, number: int) -> None:
    assert environment(NUMBER=value).number("NUMBER", 7, least=5, most=10) == number


@pytest.mark.parametrize("value", ["a,b", "a b", " a , b ,", "a\n,b"])
def test_a_list_is_separated_by_commas_or_spaces(value: str) -> None:
    assert environment(LIST=value).texts("LIST") == ["a", "b"]


# ---- APP_INSTALLS ----


def test_app_installs_keep_their_order() -> None:
    installs = read_app_installs(environment(APP_INSTALLS="le12345678=abc-1 , 13099967 = d.e_f"))

    assert list(installs.client_ids.items()) == [("le12345678", "abc-1"), ("13099967", "d.e_f")]


@pytest.mark.parametrize(
    "value", ["", "a", "=b", "a=", "a=b,", "a=b;c=d", "a b=c", "a=b c", "a=b=c", "a=b,a=c", "a/b=c"]
)
def test_malformed_app_installs_are_refused_by_name(value: str) -> None:
    with pytest.raises(SettingError, match="APP_INSTALLS"):
        read_app_installs(environment(APP_INSTALLS=value))


# ---- LivePerson ----


def test_without_settings_liveperson_is_where_its_documentation_says() -> None:
    settings = liveperson()

    assert (settings.domain_api_url, settings.pinned) == ("https://api.liveperson.net", None)
    assert settings.host_rule.check("lo.sentinel.liveperson.net").base == "https://lo.sentinel.liveperson.net"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8123", "http://localhost", "http://host.docker.internal:9/"])
def test_point_12_a_local_domain_api_may_be_http_and_so_may_its_sentinel(url: str) -> None:
    settings = liveperson(DOMAIN_API_URL=url)

    assert settings.domain_api_url == url.rstrip("/")
    assert settings.host_rule.check("127.0.0.1:9000").base == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    "url",
    [
        "http://api.liveperson.net",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "http://api.localhost",
        "https://user@api.liveperson.net",
        "https://api.liveperson.net?x=1",
        "https://api.liveperson.net/#x",
        "http://localhost/?x=1",
        "ftp://api.liveperson.net",
        "api.liveperson.net",
        "https://",
        "https://[",
    ],
)
def test_point_12_another_domain_api_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingError, match="DOMAIN_API_URL"):
        liveperson(DOMAIN_API_URL=url)


@pytest.mark.parametrize(
    "value", ["liveperson.net", ".net", "*.liveperson.net", ".liveperson.net:443", ".a..b", ".A.b"]
)
def test_suffixes_of_another_form_are_refused_by_name(value: str) -> None:
    with pytest.raises(SettingError, match="SENTINEL_HOSTS"):
        liveperson(SENTINEL_HOSTS=f".liveperson.net,{value}")


def test_further_suffixes_may_be_listed() -> None:
    rule = liveperson(SENTINEL_HOSTS=".liveperson.net, .lprnd.net").host_rule

    assert rule.check("x.lprnd.net").host == "x.lprnd.net"


def test_a_pinned_sentinel_saves_the_look_up() -> None:
    pinned = liveperson(SENTINEL_DOMAIN="va.sentinel.liveperson.net").pinned

    assert pinned == Sentinel(base="https://va.sentinel.liveperson.net", host="va.sentinel.liveperson.net")


@pytest.mark.parametrize(
    "host", ["evil.example", "va.sentinel.liveperson.net:443", "https://va.sentinel.liveperson.net"]
)
def test_a_pinned_host_must_be_an_allowed_one(host: str) -> None:
    with pytest.raises(SettingError, match="SENTINEL_DOMAIN"):
        liveperson(SENTINEL_DOMAIN=host)


# ---- our own addresses ----


def test_without_settings_pages_are_not_framed_and_addresses_are_api_gateways() -> None:
    settings = web()

    assert (settings.public_base_url, settings.app_url, settings.embedded) == (None, None, False)
    assert (
        settings.base_url("abc.execute-api.eu-west-1.amazonaws.com")
        == "https://abc.execute-api.eu-west-1.amazonaws.com"
    )


@pytest.mark.parametrize(
    "url",
    ["https://auth.example.com", "https://auth.example.com/prod", "http://127.0.0.1:8000", "http://a.localhost:4566"],
)
def test_a_configured_base_goes_before_api_gateways_name(url: str) -> None:
    assert web(PUBLIC_BASE_URL=f"{url}/").base_url("ignored.example.com") == url


ELSEWHERE = [
    "http://auth.example.com",
    "http://localhost.example.com",
    "https://user@auth.example.com",
    "https://",
    "https://[",
    "auth.example.com",
    "javascript:alert(1)",
    "https://auth.example.com:port",
    "https://-a.example.com",
]


@pytest.mark.parametrize(
    "url", [*ELSEWHERE, "https://a.example.com/?x", "https://a.example.com/#x", "https://a.example.com/ü"]
)
def test_point_01_a_base_of_another_form_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingError, match="PUBLIC_BASE_URL"):
        web(PUBLIC_BASE_URL=url)


@pytest.mark.parametrize("url", ["https://app.example.com/home?tab=1#x", "http://localhost:3000/"])
def test_the_applications_url_may_have_path_and_query(url: str) -> None:
    assert web(APP_URL=url).app_url == url


@pytest.mark.parametrize("url", [*ELSEWHERE, "https://a.example.com/a b", "https://a.example.com/\r\nSet-Cookie:x"])
def test_an_application_url_of_another_form_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingError, match="APP_URL"):
        web(APP_URL=url)


@pytest.mark.parametrize(
    "origin", [*ELSEWHERE, "https://a.example.com/", "https://*.example.com", "https://a.example.com?x"]
)
def test_return_origins_of_another_form_are_refused_by_name(origin: str) -> None:
    with pytest.raises(SettingError, match="RETURN_ORIGINS"):
        web(RETURN_ORIGINS=f"https://fine.example.com,{origin}")


def test_return_origins_are_written_as_browsers_write_them() -> None:
    assert web(RETURN_ORIGINS="https://App.Example.com:8443").return_origins == {"https://app.example.com:8443"}


def test_point_14_a_person_may_be_sent_to_us_to_the_application_and_to_the_further_origins() -> None:
    settings = web(APP_URL="https://app.example.com/home", RETURN_ORIGINS="https://more.example.com")

    rule = settings.return_rule("https://auth.example.com/prod")

    assert rule.origin == "https://auth.example.com"
    assert rule.allowed_origins == {"https://app.example.com", "https://more.example.com"}


@pytest.mark.parametrize("value", ["*", "liveperson.net", "https://a b", "https://x;script-src", "'self'", "https:"])
def test_frame_ancestors_of_another_form_are_refused_by_name(value: str) -> None:
    with pytest.raises(SettingError, match="FRAME_ANCESTORS"):
        web(FRAME_ANCESTORS=f"https://*.liveperson.net,{value}")


@pytest.mark.parametrize(
    "authority", ["localhost", "localhost:80", "127.0.0.1:1", "[::1]:1", "a.b.localhost:1", "A.LOCALHOST"]
)
def test_this_machine_is_known_by_its_names(authority: str) -> None:
    assert is_loopback(authority)


@pytest.mark.parametrize(
    "authority", ["example.com", "localhost.example.com", "127.0.0.1.example.com", "alocalhost", ""]
)
def test_no_other_machine_is_this_one(authority: str) -> None:
    assert not is_loopback(authority)


# ---- times ----


@pytest.mark.parametrize("minutes", [10, 12, 15, 20, 30, 60])
def test_the_interval_divides_the_hour(minutes: int) -> None:
    assert read_interval(environment(REFRESH_INTERVAL_MINUTES=str(minutes))) == timedelta(minutes=minutes)


def test_times_have_defaults() -> None:
    nothing = environment()

    assert read_interval(nothing) == timedelta(minutes=30)
    assert read_idle(nothing) == timedelta(days=14)
    assert read_session_lifetime(nothing) == timedelta(hours=12)


def test_zero_idle_days_mean_never() -> None:
    assert read_idle(environment(IDLE_DAYS="0")) is None


@pytest.mark.parametrize(
    ("read", "name", "value"),
    [
        (read_interval, "REFRESH_INTERVAL_MINUTES", "25"),
        (read_interval, "REFRESH_INTERVAL_MINUTES", "5"),
        (read_idle, "IDLE_DAYS", "-1"),
        (read_session_lifetime, "SESSION_HOURS", "0"),
        (read_session_lifetime, "SESSION_HOURS", "721"),
    ],
)
def test_a_time_of_another_form_is_refused_by_name(
    read: Callable[[Environment], object], name: str, value: str
) -> None:
    with pytest.raises(SettingError, match=name):
        read(environment(**{name: value}))
