"""Searching output for secret values, in whichever form they might slip out."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus


@dataclass(kw_only=True)
class SecretsSeen:
    """Secret values by what they are."""

    values: dict[str, str] = field(default_factory=dict, repr=False)

    def add(self, name: str, value: str) -> None:
        assert len(value) >= 8, f"{name} is too short to be searched for"
        self.values[f"{name} {len(self.values)}"] = value

    def found_in(self, output: str) -> list[str]:
        """Name the values that the output holds, never the values themselves."""
        lower = output.lower()
        return sorted({name for name, value in self.values.items() if any(form in lower for form in _forms(value))})


def _forms(value: str) -> set[str]:
    """Give the forms to search for, in lower case: plain, escaped, hex, base64 at each alignment, and parts of it."""
    raws = [value.encode()]
    with contextlib.suppress(ValueError):
        raws.append(bytes.fromhex(value))
    forms = {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1], value[:24], value[-24:]}
    for raw in raws:
        forms |= {raw.hex(), repr(raw)[2:-1]}
        forms |= {encoded[4:-4] for shift in range(3) for encoded in _base64(b"\0" * shift + raw)}
    return {form.lower() for form in forms if len(form) >= 8}


def _base64(raw: bytes) -> tuple[str, str]:
    return base64.urlsafe_b64encode(raw).decode(), binascii.b2a_base64(raw, newline=False).decode()
