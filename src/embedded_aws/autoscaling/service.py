"""Application Auto Scaling as a service beside MiniStack's own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import cloudwatch

from embedded_aws.autoscaling.actions import Actions
from embedded_aws.autoscaling.policies import Policies
from embedded_aws.autoscaling.store import Store
from embedded_aws.autoscaling.targets import Problem, Targets
from embedded_aws.json_api import Answer, Handler, Record, Scope, answer

NAME, PREFIX = "application-autoscaling", "AnyScaleFrontendService"
PARTS = ("targets", "policies", "actions", "activities", "tags")


def scope() -> Scope:
    """The account and region of the request that is being answered."""
    return Scope(get_account_id(), get_region())


def put_alarm(alarm: Record) -> None:
    """Store an alarm in CloudWatch."""
    cloudwatch.cloudformation_put_metric_alarm(alarm)


class Service:
    """What MiniStack routes to, saves and resets."""

    def __init__(self, problem: Problem, changed: Callable[[], None]) -> None:
        self.store = Store(scope, **{part: AccountRegionScopedDict() for part in PARTS})
        policies = Policies(self.store, put_alarm, cloudwatch.cloudformation_delete_metric_alarm)
        targets = Targets(self.store, problem, policies.forget_alarms, changed)
        self._handlers: Mapping[str, Handler] = {
            **targets.handlers(),
            **policies.handlers(),
            **Actions(self.store).handlers(),
        }

    async def handle_request(
        self, _method: str, _path: str, headers: Mapping[str, str], body: bytes, _query: Any
    ) -> Answer:
        return answer(self._handlers, headers.get("x-amz-target", ""), body)

    def get_state(self) -> dict[str, Any]:
        return {part: copy.deepcopy(getattr(self.store, part)) for part in PARTS}

    def load_persisted_state(self, data: Mapping[str, Any]) -> None:
        for part in PARTS:
            getattr(self.store, part).update(data.get(part) or {})

    def reset(self) -> None:
        for part in PARTS:
            getattr(self.store, part).clear()
