"""What there is to know of a deployment, as the facts to decide on."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING

from ministack.services import cloudwatch, ecs

from embedded_aws.codedeploy import appspec, balancer, progress, tasksets
from embedded_aws.codedeploy.balancer import Problem, Route
from embedded_aws.codedeploy.decide import ROLLBACK, STANDBY, TERMINATE, Facts
from embedded_aws.codedeploy.deployments import text_of
from embedded_aws.json_api import Record

if TYPE_CHECKING:
    from embedded_aws.codedeploy.store import Store

parse = lru_cache(maxsize=64)(appspec.parse)


class Situation:
    """One deployment and its service, of the scope that is set."""

    def __init__(self, store: Store, deployment: Record) -> None:
        self._store = store
        self.deployment = deployment
        where = deployment["_service"]
        self.key = f"{ecs._resolve_cluster_name(where['cluster'])}/{where['serviceName']}"
        self._found: Record | None = ecs._services.get(self.key)

    @property
    def stage(self) -> str:
        return str(self.deployment["_at"]["stage"])

    @property
    def service(self) -> Record:
        """The service; raises `Problem` where it is gone."""
        if self._found is None:
            raise Problem("INVALID_ECS_SERVICE", "The ECS service is gone or not active.")
        return self._found

    def facts(self) -> Facts:
        deployment, asked = self.deployment, self.deployment["_asked"]
        blue_green = deployment.get("blueGreenDeploymentConfiguration") or {}
        ready = blue_green.get("deploymentReadyOption") or {}
        end = blue_green.get("terminateBlueInstancesOnDeploymentSuccess") or {}
        wait = "TERMINATION_WAIT" if self.stage == STANDBY else "READY_WAIT"
        stops = ready.get("actionOnTimeout") == "STOP_DEPLOYMENT"
        route, problem = self.route()
        green, blue = deployment.get("_green", ""), deployment.get("_blue", "")
        return Facts(
            stage=self.stage,
            since=max(0.0, time.time() - deployment["_at"]["since"]),
            hook=progress.hook_state(deployment, self.function()),
            green=self._state(green),
            blue=self._state(blue),
            weight=self._weight(route.production if route else "", green),
            shifted=time.time() - deployment.get("_shifted", 0.0),
            routing=deployment["_routing"],
            test=self._test_side(route, green),
            wait=int(ready.get("waitTimeInMinutes") or 0) if stops else 0,
            standby=int(end.get("terminationWaitTimeInMinutes") or 0),
            swapped=bool(green) and self._primary_id() == green,
            unsteady=self._unsteady(),
            go_on=bool(asked.get(wait)),
            stop=bool(asked.get("stop")),
            alarm=self._alarm(),
            problem=problem,
        )

    def route(self) -> tuple[Route | None, tuple[str, str]]:
        """The route of the traffic, and what makes it impossible to go on."""
        name = self.deployment["deploymentGroupName"]
        if (self.deployment["applicationName"], name) not in self._store.groups:
            return None, ("DEPLOYMENT_GROUP_MISSING", f"The deployment group {name} is gone.")
        if self._found is None or self._found["status"] != "ACTIVE":
            return None, ("INVALID_ECS_SERVICE", "The ECS service is gone or not active.")
        try:
            parse(text_of(self.deployment["revision"]))
            return balancer.route(self.deployment["loadBalancerInfo"]), ("", "")
        except appspec.InvalidAppSpec as error:
            return None, ("INVALID_REVISION", str(error))
        except Problem as problem:
            return None, (problem.code, problem.message)

    def function(self) -> str:
        if self.stage not in appspec.HOOKS:
            return ""
        try:
            return parse(text_of(self.deployment["revision"])).hooks.get(self.stage, "")
        except appspec.InvalidAppSpec:
            return ""

    def _state(self, identifier: str) -> str:
        """Of a task set: none, starting, steady, draining or gone."""
        if not identifier:
            return "none"
        found = tasksets.find(self._found or {}, identifier)
        if found is None:
            return "gone"
        if found["status"] == "DRAINING":
            return "draining"
        steady = found["stabilityStatus"] == tasksets.STEADY
        if self.stage == TERMINATE:
            return "steady"
        return "steady" if steady else "starting"

    def group_of(self, identifier: str) -> str:
        """The target group of a task set."""
        found = tasksets.find(self._found or {}, identifier)
        balancers = (found or {}).get("loadBalancers") or [{}]
        return str(balancers[0].get("targetGroupArn", ""))

    def _weight(self, listener: str, identifier: str) -> int:
        route, _ = self.route()
        group = self.group_of(identifier)
        return balancer.share(listener, route.pair, group) if route and group else 0

    def _test_side(self, route: Route | None, green: str) -> str:
        if not route or not route.test:
            return "none"
        return "green" if self._weight(route.test, green) == 100 else "blue"

    def _primary_id(self) -> str:
        found = tasksets.primary(self._found or {})
        return str(found["id"]) if found else ""

    def _unsteady(self) -> float:
        """Seconds since the service was scaled, while its task sets are not steady again."""
        if self._found is None or self.stage in ("BeforeInstall", "Install", ROLLBACK):
            return 0.0
        deployment, desired = self.deployment, self._found["desiredCount"]
        if deployment.setdefault("_desired", desired) != desired:
            deployment["_desired"], deployment["_scaled"] = desired, time.time()
        states = [s["stabilityStatus"] for s in self._found.get("taskSets", [])]
        # Task sets take a moment to notice that they are to have more tasks.
        since = time.time() - deployment.get("_scaled", 0.0)
        if "_scaled" in deployment and since > 2 and set(states) <= {tasksets.STEADY}:
            del deployment["_scaled"]
        return since if "_scaled" in deployment else 0.0

    def _alarm(self) -> str:
        """The name of an alarm of the deployment that is in ALARM, if any is."""
        config = self.deployment["_alarms"]
        for entry in config.get("alarms") or [] if config.get("enabled") else []:
            name = entry["name"]
            alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
            if alarm and alarm.get("StateValue") == "ALARM":
                return str(name)
        return ""
