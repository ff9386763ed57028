"""The manifest by which LivePerson installs the application, and LivePerson's limits for it.

Source: LivePerson, application installation (manifest).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from le_auth.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FILE = "liveperson-manifest.json"
"""Where a team keeps the manifest that LivePerson was given.

Beside a `manifest.json` SAM CLI takes the folder for a CDK project, and warns at each deployment.
"""

LONGEST = {
    "client_name": 128,
    "display_name": 128,
    "description": 256,
    "entry_uri": 1024,
    "logo_uri": 1024,
}
LONGEST_REDIRECT_URI = 128
_REQUIRED = ("client_name", "entry_uri")
_GRANT_TYPES = ["authorization_code", "refresh_token"]
_RESPONSE_TYPES = ["code"]

type Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What the operator says of the application.

    Args:
        profiles: numbers of those LivePerson profiles whose users see it in the quick-launch menu.
        further_redirect_uris: beside the stack's own.
    """

    client_name: str
    display_name: str
    description: str
    profiles: Sequence[int]
    quick_launch: bool
    logo_uri: str | None = None
    scope: str | None = None
    further_redirect_uris: Sequence[str] = ()


def write_manifest(application: Application, *, launch_url: str, callback_url: str) -> dict[str, Any]:
    """Write the manifest of a stack's application."""
    manifest: dict[str, Any] = {
        "client_name": application.client_name,
        "display_name": application.display_name,
        "description": application.description,
        "grant_types": _GRANT_TYPES,
        "response_types": _RESPONSE_TYPES,
        "entry_uri": launch_url,
        "redirect_uris": [callback_url, *application.further_redirect_uris],
        "quick_launch_enabled": application.quick_launch,
        "enabled_for_profiles": list(application.profiles),
    }
    optional = {"logo_uri": application.logo_uri, "scope": application.scope}
    return manifest | {name: value for name, value in optional.items() if value is not None}


def find_violations(manifest: Manifest) -> list[str]:
    """Name each way in which a manifest breaks LivePerson's limits, or would not work with this application."""
    return [
        *_find_wrong_texts(manifest),
        *_find_wrong_redirect_uris(manifest.get("redirect_uris")),
        *_find_wrong_addresses(manifest),
        *_find_wrong_flow(manifest),
        *_find_wrong_quick_launch(manifest),
    ]


def _find_wrong_texts(manifest: Manifest) -> Iterator[str]:
    for name, longest in LONGEST.items():
        value = manifest.get(name)
        if value is None or value == "":
            if name in _REQUIRED:
                yield f"{name} is missing."
        elif not isinstance(value, str):
            yield f"{name} must be a string."
        elif len(value) > longest:
            yield f"{name} has {len(value)} characters; LivePerson takes at most {longest}."


def _find_wrong_redirect_uris(uris: object) -> Iterator[str]:
    if not isinstance(uris, list) or not uris:
        yield "redirect_uris must be a list with at least one URI."
        return
    for uri in uris:
        if not isinstance(uri, str):
            yield "redirect_uris must hold strings."
        elif len(uri) > LONGEST_REDIRECT_URI:
            yield f"A redirect URI has {len(uri)} characters; LivePerson takes at most {LONGEST_REDIRECT_URI}: {uri}"
        elif not _is_address(uri):
            yield f"A redirect URI must be an https address without a fragment: {uri}"
    if len(set(map(str, uris))) < len(uris):
        yield "redirect_uris names one twice."


def _find_wrong_addresses(manifest: Manifest) -> Iterator[str]:
    for name in ("entry_uri", "logo_uri"):
        value = manifest.get(name)
        if isinstance(value, str) and value and not _is_address(value):
            yield f"{name} must be an https address without a fragment."


def _find_wrong_flow(manifest: Manifest) -> Iterator[str]:
    if not set(_GRANT_TYPES) <= _texts(manifest, "grant_types"):
        yield "grant_types must hold authorization_code and refresh_token."
    if "code" not in _texts(manifest, "response_types"):
        yield "response_types must hold code."


def _find_wrong_quick_launch(manifest: Manifest) -> Iterator[str]:
    enabled, profiles = manifest.get("quick_launch_enabled", False), manifest.get("enabled_for_profiles", [])
    if not isinstance(enabled, bool):
        yield "quick_launch_enabled must be true or false."
    if not isinstance(profiles, list) or not all(type(number) is int and number >= 0 for number in profiles):
        yield "enabled_for_profiles must be a list of profile numbers."
    elif enabled is True and not profiles:
        yield "quick_launch_enabled shows the application to nobody while enabled_for_profiles is empty."


def _texts(manifest: Manifest, name: str) -> set[str]:
    value = manifest.get(name)
    return {entry for entry in value if isinstance(entry, str)} if isinstance(value, list) else set()


def _is_address(text: str) -> bool:
    """Tell whether this is an https URL without fragment; http is for this machine only (RFC 6749 section 3.1.2)."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.netloc))
    return is_safe and bool(parts.hostname) and "#" not in text and text.isascii() and " " not in text
