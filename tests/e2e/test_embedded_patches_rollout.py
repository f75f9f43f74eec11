"""MiniStack's faults that a rollout would meet: a test fails once upstream has mended one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_embedded_patches import stock

pytestmark = pytest.mark.e2e


def test_a_load_balancers_name_leads_nowhere() -> None:
    """It is Amazon's, and nothing resolves it to what listens here."""
    found = stock("""
call(alb, "CreateLoadBalancer", Name="l")
show([one["DNSName"] for one in alb._lbs.values()])
""")
    assert found[0].endswith(".elb.amazonaws.com")


def test_a_target_that_leaves_is_not_drained() -> None:
    """It is gone at once, with the requests that it has in flight."""
    found = stock("""
call(alb, "CreateTargetGroup", Name="t")
(arn,) = alb._tgs.keys()
alb.set_targets_for_group(arn, [("192.0.2.1", 80)])
alb.set_targets_for_group(arn, [], ["192.0.2.1"])
show(call(alb, "DescribeTargetHealth", TargetGroupArn=arn)[1])
""")
    assert "draining" not in found


def test_images_live_in_memory() -> None:
    """Every layer, until the end."""
    found = stock("""
from ministack.core.responses import AccountRegionScopedDict
show(isinstance(ecr._layer_blobs, AccountRegionScopedDict))
""")
    assert found


def test_a_login_is_for_a_registry_that_is_not_here() -> None:
    """Docker would send its password to Amazon's address."""
    found = stock("show(of(ecr._get_authorization_token)[1]['authorizationData'][0])")
    assert found["proxyEndpoint"].endswith("amazonaws.com")


def test_an_images_size_is_that_of_its_manifest() -> None:
    """Not that of its layers."""
    found = stock("""
of(ecr._create_repository, repositoryName="a")
manifest = json.dumps({"layers": [{"size": 5000000}]})
of(ecr._put_image, repositoryName="a", imageManifest=manifest, imageTag="t")
show(of(ecr._describe_images, repositoryName="a")[1]["imageDetails"][0]["imageSizeInBytes"])
""")
    assert found < 5000


def test_a_layer_that_is_uploaded_is_not_kept() -> None:
    """It is unknown right afterwards."""
    found = stock("""
of(ecr._create_repository, repositoryName="a")
of(ecr._complete_layer_upload, repositoryName="a", layerDigests=["sha256:x"])
answer = of(ecr._batch_check_layer_availability, repositoryName="a", layerDigests=["sha256:x"])
show(answer[1]["layers"][0]["layerAvailability"])
""")
    assert found == "UNAVAILABLE"


def test_taking_a_tag_off_deletes_the_image() -> None:
    """With all its other tags."""
    found = stock("""
of(ecr._create_repository, repositoryName="a")
for tag in ("one", "two"):
    of(ecr._put_image, repositoryName="a", imageManifest="{}", imageTag=tag)
of(ecr._batch_delete_image, repositoryName="a", imageIds=[{"imageTag": "two"}])
show(of(ecr._list_images, repositoryName="a")[1]["imageIds"])
""")
    assert found == []


def test_there_is_no_list_of_referrers() -> None:
    """Neither ECR's own nor that of OCI."""
    found = stock("""
headers = {"x-amz-target": "AmazonEC2ContainerRegistry_V20150921.ListImageReferrers"}
own = asyncio.run(ecr.handle_request("POST", "/", headers, b"{}", {}))
show([own[0], ecr._parse_v2_path("/v2/a/referrers/sha256:x")])
""")
    assert found == [400, None]


ROLLOUT = """
of(ecs._create_cluster, clusterName="c")
for image in ("i", "j"):
    of(ecs._register_task_definition, family="f",
       containerDefinitions=[{"name": "a", "image": image}])
of(ecs._create_service, cluster="c", serviceName="s", taskDefinition="f:1", desiredCount=1)
(old,) = ecs._tasks.values()
updated = of(ecs._update_service, cluster="c", service="s", taskDefinition="f:2")[1]["service"]
"""


def test_an_update_is_complete_before_anything_is_healthy() -> None:
    """And what served until then is stopped, for a reason that AWS doesn't give."""
    (deployment,), old = stock(f"{ROLLOUT}\nshow([updated['deployments'], old])")
    assert deployment["rolloutState"] == "COMPLETED"
    assert not deployment["id"].removeprefix("ecs-svc/").isdigit()
    assert (old["lastStatus"], old["stoppedReason"]) == ("STOPPED", "Deployment completed")


def test_a_deleted_service_is_gone_with_its_requests() -> None:
    """It never drains."""
    found = stock(f"""{ROLLOUT}
show(of(ecs._delete_service, cluster="c", service="s", force=True)[1]["service"]["status"])
""")
    assert found == "INACTIVE"


def test_a_task_gets_five_seconds_to_end() -> None:
    """Whatever its stop timeout."""
    found = stock("""
class Container:
    id = "x"
    def stop(self, timeout): show(timeout)
    def remove(self, **_): pass
ecs._remove_docker_container(object(), Container())
""")
    assert found == 5


def test_containers_are_asked_ten_times_a_second() -> None:
    """Each of them, as long as it lives."""
    assert stock("""
import inspect
show("time.sleep(0.1)" in inspect.getsource(ecs._watch_task_lifecycle))
""")


def test_a_task_is_told_an_address_that_linux_does_not_know() -> None:
    """And where to fetch credentials that clients refuse to fetch there."""
    env = stock("""
env = {}
task, container = {"family": "f"}, {"name": "a", "image": "i"}
ecs._register_metadata("arn", "c", task, container, "FARGATE", env, False, None)
show(env)
""")
    assert env["AWS_ENDPOINT_URL"].startswith("http://host.docker.internal:")
    assert env["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://host.docker.internal:")


@pytest.mark.parametrize("prefix", ["CodeDeploy", "AnyScale"])
def test_a_service_is_missing(prefix: str) -> None:
    """CodeDeploy and Application Auto Scaling."""
    prefixes: Any = stock("""
from ministack.core import router
show([p for one in router.SERVICE_PATTERNS.values() for p in one.get("target_prefixes", [])])
""")
    assert not [one for one in prefixes if one.startswith(prefix)]


def test_there_are_no_task_sets() -> None:
    """Which CodeDeploy works with."""
    assert stock("show(not [action for action in ecs._ACTION_MAP if 'TaskSet' in action])")


def test_state_is_saved_at_the_end_alone() -> None:
    """A process that is killed loses all of it."""
    assert (
        stock("""
import inspect
from ministack import app
show(inspect.getsource(app).count("save_all("))
""")
        == 1
    )
