"""Point 28, where it does not depend on a flow: what queue messages and the access log consist of."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from le_auth.domain.slots import slot_of
from tests.support.breaks import broken_by, broken_by_template
from tests.support.installation import SECRET
from tests.support.processed_template import only_resource_of_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from le_auth.domain.scheduled import DueToken
    from tests.support.installation import Installation


def writes_more(due: DueToken) -> str:
    return json.dumps({"pk": due.user.pk, "due_at": int(due.due_at.timestamp()), "token": SECRET})


@broken_by("a message holds a token", {"le_auth.domain.scheduled.DueToken.write": writes_more})
def test_point_28_messages_hold_the_users_key_and_a_time_and_nothing_else(installation: Installation) -> None:
    user = installation.sign_in()
    due_at = installation.now + timedelta(minutes=slot_of(user))
    installation.schedule(at=due_at)

    bodies = [json.loads(record["body"]) for record in installation.receive()]
    assert bodies == [{"pk": user.pk, "due_at": int(due_at.timestamp())}]


def logs_more(variable: str) -> Callable[[dict[str, Any]], None]:
    def change(resources: dict[str, Any]) -> None:
        (stage,) = [each for each in resources.values() if each["Type"] == "AWS::ApiGatewayV2::Stage"]
        settings = stage["Properties"]["AccessLogSettings"]
        settings["Format"] = settings["Format"].replace("}", f',"more":"{variable}"}}')

    return change


@broken_by_template("the path with its query", logs_more("$context.http.path"))
@broken_by_template("the query", logs_more("$context.requestOverride.querystring"))
@broken_by_template("what the authorizer says", logs_more("$context.authorizer.claims"))
def test_point_28_the_access_log_holds_route_and_figures_only() -> None:
    log_format = only_resource_of_type("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]["Format"]

    allowed = "requestId|requestTime|identity\\.sourceIp|routeKey|protocol|status|response(Length|Latency)"
    of_others = r"integration\.(status|latency)|error\.responseType|authorizer\.error"
    for variable in json.loads(log_format).values():
        assert re.fullmatch(rf"\$context\.({allowed}|{of_others})", variable)
