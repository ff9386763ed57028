"""The AWS emulator's process."""

import http.client
import os
from dataclasses import dataclass
from pathlib import Path

from local.runner.aws import CREDENTIALS, REGION, function_environment
from local.runner.child import Child
from local.runner.places import Places
from local.runner.ports import LOOPBACK, free_port

_START_SECONDS = 60.0
_GUARDED = Path(__file__).with_name("guarded_ministack.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniStack:
    """A running emulator, empty at its start."""

    child: Child
    port: int

    @property
    def base_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


def start_ministack(places: Places) -> MiniStack:
    """Start the emulator on a free port of the loopback interface; ready when this returns.

    Raises:
        RunError: it does not come up.
    """
    port = free_port()
    child = Child(
        "MiniStack",
        [places.ministack_python, "-P", _GUARDED],  # -P: this folder has a module of the emulator's name
        env=_environment(places, port),
        log=places.logs / "ministack.log",
        cwd=places.temporary,
    )
    try:
        child.wait_until(lambda: _is_ready(port), seconds=_START_SECONDS)
    except BaseException:
        child.stop()
        raise
    return MiniStack(child=child, port=port)


def _environment(places: Places, port: int) -> dict[str, str]:
    """Functions run as its children and inherit all of this, so nothing of the caller's own is in it."""
    tools = places.ministack_python.parent
    return (
        function_environment()
        | CREDENTIALS
        | {
            "PATH": f"{tools}{os.pathsep}{os.defpath}",
            "HOME": str(places.temporary),
            "TMPDIR": str(places.temporary),
            "STATE_DIR": str(places.temporary / "ministack"),
            "S3_DATA_DIR": str(places.temporary / "s3"),
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_REGION": REGION,
            # Each function's role is enforced, as on AWS.
            "AUTH": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
            # At start and end it removes containers of any other MiniStack on the machine: not with this one.
            "DOCKER_HOST": f"unix://{places.temporary}/no-container-engine",
        }
    )


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=1)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
