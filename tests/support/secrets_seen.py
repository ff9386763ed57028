"""Searching output for secret values, in whichever form they might slip out."""

from __future__ import annotations

import base64
import contextlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHORTEST = 8
_GRAM = 12
_FEWEST_CHARACTERS = 4
"""A piece of fewer, such as a row of zeros, proves nothing."""
_AS_IT_IS = "surrogatepass"
"""Hostile input has halves of characters, too."""
_ONE_ALPHABET = str.maketrans("-_", "+/")
"""base64 for URLs is then like any other."""


@dataclass(kw_only=True)
class SecretsSeen:
    """Secret values by what they are."""

    values: dict[str, str] = field(default_factory=dict, repr=False)

    def add(self, name: str, value: str) -> None:
        assert len(value) >= SHORTEST, f"{name} is too short to be searched for"
        self.values[f"{name} {len(self.values)}"] = value

    def found_in(self, output: str) -> list[str]:
        """Name the values that the output holds, never the values themselves."""
        return sorted(Finder(self.values).find(output))


class Finder:
    """Finds many values in much output at once.

    Each form of a value is cut into pieces of twelve characters. Whoever lets out 23 characters in a row of it, or
    twelve of its beginning or end, has let out a whole piece; so every twelve characters of the output are looked up.

    Args:
        values: by name, each of 8 characters at least.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._pieces = defaultdict[str, set[str]](set)
        self._short = defaultdict[str, set[str]](set)
        for name, value in values.items():
            for form in _forms(value):
                self._add(name, _normal(form))

    def _add(self, name: str, form: str) -> None:
        if len(form) < _GRAM:
            self._short[form].add(name)
            return
        for start in (*range(0, len(form) - _GRAM, _GRAM), len(form) - _GRAM):
            piece = form[start : start + _GRAM]
            if len(set(piece)) >= _FEWEST_CHARACTERS:
                self._pieces[piece].add(name)

    def find(self, output: str) -> set[str]:
        """Name the values that the output holds."""
        text = _normal(output)
        seen = {text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)}
        found = [self._pieces[piece] for piece in self._pieces.keys() & seen]
        found += [names for form, names in self._short.items() if form in text]
        return set().union(*found)


def _normal(text: str) -> str:
    return text.lower().translate(_ONE_ALPHABET)


def _forms(value: str) -> set[str]:
    """Give the forms to search for: plain, escaped, as hex, as Python shows bytes, in base64."""
    raws = [value.encode(errors=_AS_IT_IS)]
    with contextlib.suppress(ValueError):
        raws.append(bytes.fromhex(value))
    escaped = {quote(value, safe="", errors=_AS_IT_IS), quote_plus(value, errors=_AS_IT_IS), json.dumps(value)[1:-1]}
    forms = {value, *escaped}
    for raw in raws:
        forms |= {raw.hex(), repr(raw)[2:-1], *_base64(raw)}
    return {form for form in forms if len(form) >= SHORTEST}


def _base64(raw: bytes) -> Iterator[str]:
    """Encode at each alignment, less the ends, which depend on what stands before and behind."""
    for shift in range(3):
        yield base64.b64encode(b"\0" * shift + raw).decode()[4:-4]
