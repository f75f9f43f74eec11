"""One deployment on its way: gathers the facts, decides, acts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ministack.core.concurrency import resource_lock
from ministack.services import ecs

from embedded_aws.codedeploy import appspec, balancer, progress, tasksets
from embedded_aws.codedeploy.balancer import Problem, Route
from embedded_aws.codedeploy.clock import MINUTE
from embedded_aws.codedeploy.decide import (
    Action,
    AllowTests,
    Call,
    End,
    Make,
    Next,
    Restore,
    Retire,
    Shift,
    Swap,
    decide,
)
from embedded_aws.codedeploy.deployments import text_of
from embedded_aws.codedeploy.situation import Situation, parse
from embedded_aws.json_api import Record, now

if TYPE_CHECKING:
    from embedded_aws.codedeploy.store import Store

log = logging.getLogger("embedded.codedeploy")

MOST_STEPS = 30
Hook = Callable[[str, Record], str]
"""Calls a function with an event; why that can't be done, or nothing."""


class Rollout:
    """One look at one deployment, of the scope that is set."""

    def __init__(self, store: Store, deployment: Record, hook: Hook) -> None:
        self._store = store
        self._deployment = deployment
        self._hook = hook
        self._at = Situation(store, deployment)

    def advance(self) -> None:
        """Do all that can be done now."""
        progress.begin(self._deployment, now())
        for _ in range(MOST_STEPS):
            action = decide(self._at.facts(), MINUTE)
            if action is None or not self._act(action):
                break
        self._note_task_sets()

    def _act(self, action: Action) -> bool:
        """Do it; False where the next look has to wait for the next tick."""
        try:
            return self._do(action)
        except Problem as problem:
            return self._end(End("Failed", problem.code, problem.message))

    def _do(self, action: Action) -> bool:
        match action:
            case Next(status):
                progress.leave(self._deployment, status, now())
                self._tell()
            case Make():
                return self._make()
            case AllowTests():
                self._shift(100, test=True)
            case Call():
                self._call()
            case Shift(percent):
                self._shift(percent)
                self._deployment["_shifted"] = now()
                log.info("%s: %s %% to green", self._deployment["deploymentId"], percent)
            case Swap():
                with resource_lock("ecs-service", self._at.key):
                    green = self._deployment["_green"]
                    tasksets.make_primary(self._at.service, green, now())
            case Retire():
                self._retire(self._deployment["_blue"])
                return False
            case Restore():
                self._restore()
                return False
            case End():
                return self._end(action)
        return True

    def _tell(self) -> None:
        log.info("%s: %s", self._deployment["deploymentId"], self._at.stage)

    def _make(self) -> bool:
        """Make green in the target group that blue doesn't use; leftovers go first."""
        service, route = self._at.service, self._needed_route()
        blue = tasksets.primary(service)
        if blue is None:
            raise Problem("INVALID_ECS_SERVICE", "The ECS service has no primary task set.")
        blue_group = blue["loadBalancers"][0]["targetGroupArn"]
        balancer.check_behind(route.production, route.pair, blue_group)
        shares = {blue_group: 100}
        # This also puts green's group behind the listener: only then its health is checked.
        balancer.shift(route.production, route.pair, shares)
        leftovers = [s for s in service["taskSets"] if s is not blue]
        for task_set in leftovers:
            self._retire(task_set["id"])
        if leftovers:
            return False
        spec = parse(text_of(self._deployment["revision"]))
        entry = {
            "targetGroupArn": route.other(blue_group),
            "containerName": spec.container,
            "containerPort": spec.port,
        }
        with resource_lock("ecs-service", self._at.key):
            green = tasksets.new(
                service,
                now(),
                taskDefinition=self._definition(spec),
                loadBalancers=[entry],
                networkConfiguration=spec.network,
                platformVersion=spec.platform_version,
                capacityProviderStrategy=list(spec.capacity),
                externalId=self._deployment["deploymentId"],
                startedBy="CODE_DEPLOY",
            )
        self._deployment.update(
            _green=green["id"], _blue=blue["id"], _original=progress.original(blue)
        )
        return False

    def _needed_route(self) -> Route:
        route, problem = self._at.route()
        if route is None:
            raise Problem(*problem)
        return route

    def _definition(self, spec: appspec.AppSpec) -> str:
        """The ARN of the task definition, which must have the container and its port."""
        found = ecs._task_defs.get(ecs._resolve_td_key(spec.task_definition))
        if found is None or found["status"] != "ACTIVE":
            why = "TaskDefinition not found." if found is None else "TaskDefinition is inactive"
            raise Problem("ECS_UPDATE_ERROR", ECS_ERROR + why)
        containers = {c["name"]: c for c in found["containerDefinitions"]}
        container = containers.get(spec.container)
        ports = [p.get("containerPort") for p in (container or {}).get("portMappings") or []]
        if container is None or spec.port not in ports:
            why = (
                f"The container {spec.container} does not exist in the task definition."
                if container is None
                else f"The container {spec.container} did not have a container port "
                f"{spec.port} defined."
            )
            raise Problem("ECS_UPDATE_ERROR", ECS_ERROR + why)
        return str(found["taskDefinitionArn"])

    def _shift(self, percent: int, *, test: bool = False) -> None:
        """Send so many percent to green, of production's or of test traffic."""
        route = self._needed_route()
        green = self._at.group_of(self._deployment["_green"])
        shares = {green: percent, route.other(green): 100 - percent}
        balancer.shift(route.test if test else route.production, route.pair, shares)

    def _retire(self, identifier: str) -> None:
        found = tasksets.find(self._at.service, identifier)
        if found and found["status"] != "DRAINING":
            with resource_lock("ecs-service", self._at.key):
                tasksets.retire(found, now())

    def _restore(self) -> None:
        """All traffic back to blue, which is the primary task set again; green may go."""
        service, route = self._at.service, self._needed_route()
        green, blue = self._deployment["_green"], self._deployment["_blue"]
        group = self._at.group_of(blue)
        for listener in filter(None, (route.production, route.test)):
            balancer.shift(listener, route.pair, {group: 100})
        with resource_lock("ecs-service", self._at.key):
            tasksets.make_primary(service, blue, now())
        self._retire(green)

    def _call(self) -> None:
        """Call the function of the stage; it reports by an operation of its own."""
        execution = str(uuid4())
        self._deployment["_executions"] = [*self._deployment["_executions"], execution]
        self._deployment["_hook"] = {"id": execution}
        event = {
            "DeploymentId": self._deployment["deploymentId"],
            "LifecycleEventHookExecutionId": execution,
        }
        problem = self._hook(self._at.function(), event)
        if problem:
            log.warning("%s: %s: %s", event["DeploymentId"], self._at.stage, problem)
            self._deployment["_hook"] = {"id": execution, "status": "Failed"}

    def _end(self, end: End) -> bool:
        deployment = self._deployment
        back = progress.rolls_back(deployment, end)
        key = (deployment["applicationName"], deployment["deploymentGroupName"])
        progress.finish(deployment, end, now())
        log.info("%s: %s %s", deployment["deploymentId"], end.status, end.message)
        group: Any = self._store.groups.get(key)
        if back and group and "_green" in deployment:
            made = progress.rollback(deployment, group, end, now())
            self._store.deployments[made["deploymentId"]] = made
        return False

    def _note_task_sets(self) -> None:
        """Keep what the task sets are, for the API; one that is gone is shown as it was last."""
        route, _ = self._at.route()
        if route is None or "_blue" not in self._deployment:
            return
        before = {s["taskSetLabel"]: s for s in self._deployment.get("_task_sets") or []}
        for label, key in (("Blue", "_blue"), ("Green", "_green")):
            found = tasksets.find(self._at.service, self._deployment[key])
            if found:
                group = self._at.group_of(found["id"])
                weight = balancer.share(route.production, route.pair, group)
                before[label] = tasksets.shown(found, label, route.name(group), weight)
        self._deployment["_task_sets"] = list(before.values())


ECS_ERROR = "The ECS service cannot be updated due to the following error: "
