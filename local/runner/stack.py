"""Brings the whole system up, in order, and takes it down again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from local.runner.aws import Aws
from local.runner.child import Child
from local.runner.errors import RunError
from local.runner.front import Front
from local.runner.ministack import MiniStack, start_ministack
from local.runner.options import LivePerson, Options, read_app_installs
from local.runner.places import Places, architecture
from local.runner.ports import choose_port
from local.runner.progress import Progress
from local.runner.roles import allow_batch_forms
from local.runner.sam import API_ID, Deployed, Sam, own_turn
from local.runner.simulator import SimulatorProcess, start_simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A running system.

    Args:
        base_url: the one local address; the API's PublicBaseUrl.
        simulator_url: None where another LivePerson stands in its place.
        parameters: the template parameters that it was deployed with.
    """

    base_url: str
    aws: Aws
    deployed: Deployed
    simulator_url: str | None
    parameters: Mapping[str, str]
    children: Sequence[Child]

    @property
    def launch_url(self) -> str:
        return f"{self.base_url}/launch"

    def require_running(self) -> None:
        """Raise RunError where one of its processes has ended by itself."""
        for child in self.children:
            if not child.is_running():
                raise RunError(f"{child.name} ended unexpectedly: {child.last_words()} (whole log: {child.log})")


@contextmanager
def running_stack(options: Options, places: Places, progress: Progress) -> Iterator[Stack]:
    """Everything started and deployed; everything ended when the block is left, however it is left.

    Raises:
        RunError: something does not come up; nothing is left running.
    """
    places.prepare()
    with (
        Front(options.port or choose_port()) as front,
        _simulator(options, places, front.base_url, progress) as simulator,
        _ministack(places, progress) as ministack,
    ):
        live_person = options.live_person or simulator[0].live_person
        aws = Aws(ministack.base_url)
        parameters = _parameters(options, live_person, front.base_url)
        deployed = _build_and_deploy(Sam(places, aws), places, parameters, progress)
        with progress.step("Adding the AppInstall secret"):
            allow_batch_forms(aws, deployed.roles)
            _seed_secret(aws, deployed.outputs["AppInstallSecretArn"], live_person)
        front.serve(emulator_port=ministack.port, api_id=API_ID)
        yield Stack(
            base_url=front.base_url,
            aws=aws,
            deployed=deployed,
            simulator_url=simulator[0].base_url if simulator else None,
            parameters=parameters,
            children=[ministack.child, *(each.child for each in simulator)],
        )


@contextmanager
def _simulator(
    options: Options, places: Places, base_url: str, progress: Progress
) -> Iterator[Sequence[SimulatorProcess]]:
    """One simulator, or none where another LivePerson stands in its place."""
    if options.live_person is not None:
        yield []
        return
    with progress.step("Starting the LivePerson simulator"):
        simulator = start_simulator(places, redirect_uri=f"{base_url}/callback")
    with simulator.child:
        yield [simulator]


@contextmanager
def _ministack(places: Places, progress: Progress) -> Iterator[MiniStack]:
    with progress.step("Starting MiniStack, the AWS emulator"):
        ministack = start_ministack(places)
    with ministack.child:
        yield ministack


def _parameters(options: Options, live_person: LivePerson, base_url: str) -> dict[str, str]:
    return {
        "AppInstalls": live_person.app_installs,
        "DomainApiUrl": live_person.domain_api_url,
        "PublicBaseUrl": base_url,
        "Architecture": architecture(),
        "ExampleRoute": "true",
        **options.parameters,
    }


def _build_and_deploy(sam: Sam, places: Places, parameters: Mapping[str, str], progress: Progress) -> Deployed:
    with own_turn(places):
        with progress.step("Building the layer and the functions (sam build)"):
            sam.build()
        with progress.step("Deploying template.yaml to the emulator (sam deploy)"):
            return sam.deploy(parameters)


def _seed_secret(aws: Aws, secret_id: str, live_person: LivePerson) -> None:
    """Put the AppInstalls' secret where the functions read it; it is on no command line and in no file."""
    secrets = dict.fromkeys(read_app_installs(live_person.app_installs).values(), live_person.secret)
    aws.secretsmanager.put_secret_value(SecretId=secret_id, SecretString=json.dumps(secrets))
