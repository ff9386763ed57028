"""How commands are declared: the options that all share, whom they concern, and how their errors are told."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from le_auth.domain.users import ACCOUNT_ID, USER_ID, User
from operator_cli.errors import FORESEEN, OperatorError, explain
from operator_cli.output import Output
from operator_cli.run import Run, Surroundings
from operator_cli.samconfig import DEFAULT

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

FAILED = 1
"""Exit code: a check failed, or nothing was done; 2, click's own, is for a wrong command line."""


class _Id(click.ParamType[str]):
    """An id that becomes part of a key."""

    def __init__(self, name: str, pattern: re.Pattern[str], expected: str) -> None:
        self.name = name
        self._pattern, self._expected = pattern, expected

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not self._pattern.fullmatch(value):
            self.fail(f"must be {self._expected}.", param, ctx)
        return value


ACCOUNT = _Id("account", ACCOUNT_ID, "a LivePerson account id: letters and digits")
USER = _Id("user", USER_ID, "a LivePerson user id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Whom a command concerns.

    Args:
        user_id: None: everybody of the account.
    """

    account_id: str
    user_id: str | None

    @property
    def user(self) -> User | None:
        return None if self.user_id is None else User(account_id=self.account_id, user_id=self.user_id)


_SHARED = (
    click.Option(
        ["--stack", "stack_name"], metavar="NAME", help="Stack [default: samconfig.toml's, else le-app-auth]."
    ),
    click.Option(["--region"], metavar="NAME", help="AWS region of the stack."),
    click.Option(["--profile"], metavar="NAME", help="AWS profile to use."),
    click.Option(["--config-env", "section"], metavar="NAME", default=DEFAULT, help="Section of samconfig.toml."),
    click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
)


def command(name: str, **settings: Any) -> Callable[[Callable[..., int | None]], click.Command]:
    """Declare a command on a stack. It is called with its Run and gives its exit code; None is 0."""

    def declare(function: Callable[..., int | None]) -> click.Command:
        @functools.wraps(function)
        def call(
            *,
            stack_name: str | None,
            region: str | None,
            profile: str | None,
            section: str,
            as_json: bool,
            **arguments: Any,
        ) -> None:
            context = click.get_current_context()
            surroundings = context.find_object(Surroundings) or Surroundings()
            out = Output(as_json=as_json)
            run = Run(
                surroundings=surroundings,
                out=out,
                stack_name=stack_name,
                region=region,
                profile=profile,
                section=section,
            )
            with _telling_errors(run):
                context.exit(function(run, **arguments) or 0)

        declare_it: Callable[[Any], click.Command] = click.command(name, **settings)
        declared = declare_it(call)
        declared.params += _SHARED
        return declared

    return declare


def concerning_users(function: Any) -> Any:
    """Add whom a command concerns: ACCOUNT USER, or ACCOUNT --all. It gets `whom`."""

    @click.argument("account_id", metavar="ACCOUNT", type=ACCOUNT)
    @click.argument("user_id", metavar="[USER]", type=USER, required=False)
    @click.option("--all", "everybody", is_flag=True, help="All users of the account.")
    @functools.wraps(function)
    def call(*args: Any, account_id: str, user_id: str | None, everybody: bool, **others: Any) -> Any:
        if everybody == (user_id is not None):
            raise click.UsageError("Name either one USER or --all.")
        return function(*args, whom=Whom(account_id=account_id, user_id=user_id), **others)

    return call


@contextmanager
def _telling_errors(run: Run) -> Iterator[None]:
    try:
        yield
    except OperatorError as error:
        run.out.fail(error)
        raise click.exceptions.Exit(FAILED) from None
    except FORESEEN as error:
        run.out.fail(explain(error))
        raise click.exceptions.Exit(FAILED) from None
    finally:
        run.close()
