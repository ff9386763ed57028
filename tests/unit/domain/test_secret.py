from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass

import pytest

from le_auth.domain.secret import Secret

VALUE = "canary-5f3a"
SECRET = Secret(VALUE)


@dataclass(frozen=True, slots=True)
class Holder:
    name: str
    secret: Secret


@pytest.mark.parametrize(
    "text",
    [
        repr(SECRET),
        str(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>40}",
        f"{SECRET:>40}",
        "%s" % SECRET,  # noqa: UP031 - an old form is tried, too
        "{}".format(SECRET),  # noqa: UP032
        format(SECRET, "s"),
        str([SECRET]),
        str({"a": SECRET}),
        repr(Holder("a", SECRET)),
        str(asdict(Holder("a", SECRET))),
        json.dumps({"a": SECRET}, default=str),
    ],
)
def test_it_prints_as_stars(text: str) -> None:
    assert "***" in text
    assert VALUE not in text


def test_it_logs_as_stars() -> None:
    stream = io.StringIO()
    logger = logging.getLogger("tests.secret")
    logger.propagate = False
    logger.addHandler(logging.StreamHandler(stream))

    logger.error("refused %s", SECRET, extra={"secret": SECRET})

    assert stream.getvalue() == "refused ***\n"


def test_it_stands_as_stars_in_a_traceback_with_local_variables() -> None:
    def fail(secret: Secret) -> None:
        raise ValueError(secret)

    with pytest.raises(ValueError, match=r"\*") as failed:
        fail(Secret("canary-" + "in-traceback"))
    text = "".join(traceback.TracebackException.from_exception(failed.value, capture_locals=True).format())

    assert "secret = ***" in text
    assert "canary-in-traceback" not in text


def test_it_reveals_its_value_where_it_is_asked_to() -> None:
    assert SECRET.reveal() == VALUE


def test_secrets_of_equal_value_are_equal_and_count_as_one_in_a_set() -> None:
    assert Secret("canary-a") == Secret("canary-" + "a")
    assert Secret("canary-a") != Secret("canary-b")
    assert len({Secret("canary-a"), Secret("canary-" + "a"), Secret("canary-b")}) == 2


def test_a_plain_string_is_never_equal_to_a_secret() -> None:
    assert SECRET != VALUE


def test_only_the_empty_one_is_false() -> None:
    assert not Secret("")
    assert Secret("0")


def test_copying_a_data_class_keeps_it_a_secret() -> None:
    assert copy.copy(SECRET) is SECRET
    assert copy.deepcopy({"a": SECRET})["a"] is SECRET


def test_it_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(SECRET)
