"""Which revision and image of a service is at work now."""

from __future__ import annotations

from typing import cast

import boto3
from moto import mock_aws

from slipway.aws import Aws
from slipway.config import Environment
from slipway.release.serving import primary_of, serving


def test_an_environment_without_a_cluster_runs_nothing() -> None:
    """The dry run of a first deploy asks before there is one."""
    with mock_aws():
        session = boto3.Session("k", "s", region_name="us-west-1")
        aws = Aws(cast(Environment, None), None, session)
        assert serving(aws, "nowhere", "app") is None


def test_the_primary_task_set_counts_under_codedeploy() -> None:
    """Such services have task sets, and no deployments of ECS's own."""
    sets = [{"id": "a", "status": "ACTIVE"}, {"id": "b", "status": "PRIMARY"}]
    assert primary_of({"taskSets": sets})["id"] == "b"
    assert primary_of({"deployments": [], "taskSets": []}) is None
