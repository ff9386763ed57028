"""An operator of an installation, whose stack CloudFormation knows."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from local.runner.ports import free_port
from tests.support.installation import BASE_URL
from tests.support.operated import Operated, make_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.support.emulator import Emulator
    from tests.support.installation import Installation

type NewStack = Callable[..., Operated]

_numbers = count(1)


@pytest.fixture
def new_stack(installation: Installation, emulator: Emulator, tmp_path: Path) -> Iterator[NewStack]:
    """Make stacks of the installation, with other parameters and outputs than it has where that is asked for."""
    made: list[str] = []

    def make(outputs: Mapping[str, str] | None = None, **parameters: str) -> Operated:
        resources = installation.deployed.resources
        usual = {
            "LaunchUrl": f"http://127.0.0.1:{free_port()}/launch",  # where nothing answers
            "CallbackUrl": f"{BASE_URL}/callback",
            "TokenTableName": resources["TokenTable"],
            "AppInstallSecretArn": resources["AppInstallSecret"],
            "SealingKeySecretArn": resources["SealingKeySecret"],
            "RefreshQueueUrl": resources["RefreshQueue"],
            "RescueQueueUrl": resources["RescueQueue"],
        }
        name = f"operated-{next(_numbers)}"
        make_stack(
            emulator,
            name,
            parameters={**installation.deployed.parameters, **parameters},
            outputs={**usual, **(outputs or {})},
        )
        made.append(name)
        return Operated(installation=installation, folder=tmp_path, stack=name)

    yield make
    for name in made:
        emulator.cloudformation.delete_stack(StackName=name)


@pytest.fixture
def operate(new_stack: NewStack) -> Operated:
    return new_stack()
