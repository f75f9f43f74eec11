"""The books of a service: what the API tells of deployments and events."""

from __future__ import annotations

from typing import Any

from embedded_aws.ecs import records

NOW = "2026-01-01T00:00:00.000Z"


def a_service(**more: Any) -> dict[str, Any]:
    return {
        "serviceName": "shop",
        "taskDefinition": "td:1",
        "desiredCount": 2,
        "deployments": [],
        "events": [],
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        **more,
    }


def rolled_out(service: dict[str, Any], task_definition: str) -> dict[str, Any]:
    service["taskDefinition"] = task_definition
    return records.begin(service, NOW)


def test_a_deployment_has_awss_fields() -> None:
    """A new deployment is primary, in progress, and says so in AWS's words."""
    deployment = records.begin(a_service(launchType="FARGATE"), NOW)
    assert deployment["id"].startswith("ecs-svc/")
    assert deployment["status"] == "PRIMARY"
    assert deployment["rolloutState"] == "IN_PROGRESS"
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} in progress."
    assert deployment["launchType"] == "FARGATE"


def test_a_new_deployment_makes_the_others_active() -> None:
    """There is one primary deployment, the newest, and it comes first."""
    service = a_service()
    first, second = records.begin(service, NOW), records.begin(service, NOW)
    assert [d["id"] for d in service["deployments"]] == [second["id"], first["id"]]
    assert [d["status"] for d in service["deployments"]] == ["PRIMARY", "ACTIVE"]


def test_a_failed_deployment_is_rolled_back_to_the_last_completed_one() -> None:
    """The last good deployment is primary again, with its task definition and both reasons."""
    service = a_service()
    good = rolled_out(service, "td:1")
    records.complete(service, NOW)
    bad = rolled_out(service, "td:2")
    records.fail(service, NOW)
    assert service["taskDefinition"] == "td:1"
    first, second = service["deployments"]
    assert (first["id"], first["status"]) == (good["id"], "PRIMARY")
    assert first["rolloutStateReason"] == (
        f"ECS deployment circuit breaker: rolling back to deploymentId {good['id']}."
    )
    assert (second["id"], second["status"]) == (bad["id"], "ACTIVE")
    assert (second["rolloutState"], second["desiredCount"]) == ("FAILED", 0)
    assert second["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."


def test_a_rollback_goes_past_a_deployment_that_never_completed() -> None:
    """Not the deployment before, but the last one that completed, is what is gone back to."""
    service = a_service()
    rolled_out(service, "td:1")
    records.complete(service, NOW)
    rolled_out(service, "td:2")
    rolled_out(service, "td:3")
    records.fail(service, NOW)
    assert service["taskDefinition"] == "td:1"


def test_the_first_deployment_has_nothing_to_go_back_to() -> None:
    """It stays primary, failed."""
    service = a_service()
    only = rolled_out(service, "td:1")
    records.fail(service, NOW)
    assert records.primary(service) is only
    assert only["rolloutState"] == "FAILED"


def test_without_rollback_a_failed_deployment_stays() -> None:
    """The circuit breaker alone only ends the deployment."""
    service = a_service(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True}})
    rolled_out(service, "td:1")
    records.complete(service, NOW)
    rolled_out(service, "td:2")
    records.fail(service, NOW)
    assert service["taskDefinition"] == "td:2"


def test_only_failures_of_the_rollout_are_counted() -> None:
    """A task of an old deployment that dies does not count against the new one."""
    service = a_service()
    old = rolled_out(service, "td:1")
    records.complete(service, NOW)
    new = rolled_out(service, "td:2")
    records.count_failure(service, {"_deployment_id": old["id"]}, NOW)
    records.count_failure(service, {"_deployment_id": new["id"]}, NOW)
    assert (old["failedTasks"], new["failedTasks"]) == (0, 1)


def test_counts_follow_the_tasks() -> None:
    """Running, pending and stopping tasks are told apart, by deployment and all together."""
    service = a_service()
    deployment = records.begin(service, NOW)
    states = [("RUNNING", "RUNNING"), ("PROVISIONING", "RUNNING"), ("DEACTIVATING", "STOPPED")]
    tasks = [
        {"lastStatus": last, "desiredStatus": desired, "_deployment_id": deployment["id"]}
        for last, desired in states
    ]
    records.recount(service, tasks)
    assert (service["runningCount"], service["pendingCount"]) == (1, 1)
    assert (deployment["runningCount"], deployment["pendingCount"]) == (1, 1)


def test_empty_deployments_are_forgotten_but_a_failed_one_during_its_rollback() -> None:
    """The failed deployment can be seen until the rollback is complete."""
    service = a_service()
    good = rolled_out(service, "td:1")
    records.complete(service, NOW)
    bad = rolled_out(service, "td:2")
    records.fail(service, NOW)
    records.drop_empty(service, [])
    assert [d["id"] for d in service["deployments"]] == [good["id"], bad["id"]]
    records.complete(service, NOW)
    assert [d["id"] for d in service["deployments"]] == [good["id"]]


def test_a_superseded_deployment_is_forgotten_when_its_last_task_is() -> None:
    """It is listed for as long as one of its tasks is not stopped."""
    service = a_service()
    old, new = records.begin(service, NOW), records.begin(service, NOW)
    draining = {"_deployment_id": old["id"], "lastStatus": "DEACTIVATING"}
    records.drop_empty(service, [draining])
    assert len(service["deployments"]) == 2
    records.drop_empty(service, [{**draining, "lastStatus": "STOPPED"}])
    assert service["deployments"] == [new]


def test_events_are_newest_first_and_at_most_a_hundred() -> None:
    """As DescribeServices gives them."""
    service = a_service()
    for number in range(120):
        records.event(service, f"number {number}", NOW)
    assert len(service["events"]) == 100
    assert service["events"][0]["message"] == "(service shop) number 119"
