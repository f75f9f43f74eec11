"""CodeDeploy as a service beside MiniStack's own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

from embedded_aws.codedeploy.applications import Applications
from embedded_aws.codedeploy.configs import Configs
from embedded_aws.codedeploy.deployments import Deployments
from embedded_aws.codedeploy.groups import Groups, Problem
from embedded_aws.codedeploy.store import Store
from embedded_aws.codedeploy.tags import Tags
from embedded_aws.codedeploy.targets import Targets
from embedded_aws.json_api import Answer, Handler, Scope, answer

NAME, PREFIX = "codedeploy", "CodeDeploy_20141006"
PARTS = ("applications", "groups", "configs", "deployments", "tags")


def scope() -> Scope:
    """The account and region of the request that is being answered."""
    return Scope(get_account_id(), get_region())


class Service:
    """What MiniStack routes to, saves and resets."""

    def __init__(self, problem: Problem, changed: Callable[[], None]) -> None:
        self.store = Store(scope, **{part: AccountRegionScopedDict() for part in PARTS})
        configs = Configs(self.store)
        self.deployments = Deployments(self.store, configs, problem, changed)
        self._handlers: Mapping[str, Handler] = {
            **Applications(self.store).handlers(),
            **configs.handlers(),
            **Groups(self.store, configs, problem).handlers(),
            **self.deployments.handlers(),
            **Tags(self.store).handlers(),
            **Targets(self.store).handlers(),
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
