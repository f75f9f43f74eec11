"""An environment more: one table and one file, as Terraform takes them, with the longest names too.

Every stack is applied in memory (a mocked provider), with the engine's own variables.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from slipway import tools
from slipway.config import load
from slipway.cost.inventory import Inventory
from slipway.cost.resources import Resource
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]

QA = """
[environments.qa]
target = "aws"
account_id = "444444444444"
region = "eu-west-1"

[environments.qa.defaults]
cpu = 512
memory = 1024
scale = { min = 3, max = 3 }
"""

SIZES = """
nat            = "none"
database_class = "db.t4g.micro"
cache_type     = "cache.t4g.micro"
"""

LONGEST = """
[project]
name = "sixteen-letters0"
owner = "twelve-chars"

[environments.twelve-signs]
target = "aws"
account_id = "444444444444"
protected = true
"""

EVERYTHING = """
certificate_arn = "arn:aws:acm:us-west-1:444444444444:certificate/12345678"
domain_name     = "api.example.com"
nat             = "per_zone"
api_gateway     = true
waf             = true
alarm_emails    = ["oncall@example.com"]
github_subjects = ["repo:acme/shop:environment:twelve-signs"]
replica_region  = "us-west-2"

interface_endpoints    = true
database_class         = "db.t4g.micro"
database_rotation_days = 30
cache_type             = "cache.t4g.micro"
cache_nodes            = 2
"""

SERVICE = """
name = "{name}"
secrets = ["A_SECRET_WITH_A_NAME_OF_SIXTY_FOUR_CHARACTERS_WHICH_IS_THE_MOST_"]
[route]
path = "/{name}"
priority = {priority}
[deploy]
strategy = "linear"
shift = {{ percent = 10, minutes = 100 }}
[database]
enabled = true
migrate = ["python", "-m", "migrate"]
[cache]
enabled = true
"""

# Characters that AWS allows, from the API reference of each service.
LIMITS = {
    "aws_apigatewayv2_api": ("name", 128),
    "aws_apigatewayv2_vpc_link": ("name", 128),
    "aws_appautoscaling_policy": ("name", 256),
    "aws_cloudwatch_dashboard": ("dashboard_name", 255),
    "aws_cloudwatch_event_rule": ("name", 64),
    "aws_cloudwatch_log_group": ("name", 512),
    "aws_cloudwatch_metric_alarm": ("alarm_name", 255),
    "aws_codedeploy_app": ("name", 100),
    "aws_codedeploy_deployment_config": ("deployment_config_name", 100),
    "aws_codedeploy_deployment_group": ("deployment_group_name", 100),
    "aws_db_instance": ("identifier", 63),
    "aws_db_parameter_group": ("name", 255),
    "aws_db_subnet_group": ("name", 255),
    "aws_ecr_repository": ("name", 256),
    "aws_ecs_cluster": ("name", 255),
    "aws_ecs_service": ("name", 255),
    "aws_ecs_task_definition": ("family", 255),
    "aws_elasticache_parameter_group": ("name", 255),
    "aws_elasticache_replication_group": ("replication_group_id", 40),
    "aws_elasticache_subnet_group": ("name", 255),
    "aws_elasticache_user": ("user_id", 40),
    "aws_elasticache_user_group": ("user_group_id", 40),
    "aws_iam_policy": ("name", 128),
    "aws_iam_role": ("name", 64),
    "aws_iam_role_policy": ("name", 128),
    "aws_kms_alias": ("name", 256),
    "aws_lb": ("name", 32),
    "aws_lb_target_group": ("name", 32),
    "aws_s3_bucket": ("bucket", 63),
    "aws_secretsmanager_secret": ("name", 512),
    "aws_security_group": ("name", 255),
    "aws_serverlessapplicationrepository_cloudformation_stack": ("name", 113),
    "aws_sns_topic": ("name", 256),
    "aws_ssm_parameter": ("name", 1011),
    "aws_wafv2_web_acl": ("name", 128),
}
NAMES_OF_OTHERS = {"aws_ecr_lifecycle_policy", "aws_iam_role_policy", "aws_s3_bucket_policy"}
"""Called as what they belong to, or by a word within it."""


def made(checkout: Checkout, environment: str) -> list[Resource]:
    """All that a deploy of the environment makes."""
    settings = load(checkout, environment)
    runner = SubprocessRunner()
    return Inventory(checkout=checkout, settings=settings, runner=runner).resources()


def copy(place: Path, *, services: bool) -> Checkout:
    """This checkout's HCL, and its services where they are wanted."""
    shutil.copytree(ROOT / "infra", place / "infra", ignore=shutil.ignore_patterns(".terraform"))
    if services:
        aside = shutil.ignore_patterns(".venv", "__pycache__")
        shutil.copytree(ROOT / "services", place / "services", ignore=aside)
    known = tools.cli_config_path(Checkout(ROOT))
    if known.is_file():  # where the provider is, as set up
        own = tools.cli_config_path(Checkout(place))
        own.parent.mkdir(parents=True)
        shutil.copy(known, own)
    return Checkout(place)


def test_an_environment_more_is_a_table_and_a_file(tmp_path: Path) -> None:
    """Registry, platform and services apply; nothing else was written for them."""
    checkout = copy(tmp_path, services=True)
    (tmp_path / "slipway.toml").write_text((ROOT / "slipway.toml").read_text() + QA)
    (tmp_path / "infra/environments/qa.tfvars").write_text(SIZES)
    found = made(checkout, "qa")
    kinds = Counter(resource.type for resource in found)
    assert (kinds["aws_vpc"], kinds["aws_lb"], kinds["aws_nat_gateway"]) == (1, 1, 0)
    services = load(checkout, "qa").services
    assert kinds["aws_ecs_service"] == kinds["aws_ecr_repository"] == len(services) > 0
    sizes = {(r.values["cpu"], r.values["memory"]) for r in of(found, "aws_ecs_task_definition")}
    assert ("512", "1024") in sizes
    assert {target.values["min_capacity"] for target in of(found, "aws_appautoscaling_target")} == {
        3
    }


def test_the_longest_names_fit_and_stay_apart(tmp_path: Path) -> None:
    """Whatever is named, where there is everything, for two services that differ in a digit.

    Buckets of services are the exception: too long a name is refused (config/buckets.py).
    """
    checkout = copy(tmp_path, services=False)
    (tmp_path / "slipway.toml").write_text(LONGEST)
    (tmp_path / "infra/environments/twelve-signs.tfvars").write_text(EVERYTHING)
    for priority, name in enumerate(("a-service-of-24-letters1", "a-service-of-24-letters2"), 1):
        folder = tmp_path / "services" / name
        folder.mkdir(parents=True)
        (folder / "service.toml").write_text(SERVICE.format(name=name, priority=priority))
    found = made(checkout, "twelve-signs")
    named = [resource for resource in found if resource.type in LIMITS]
    assert {resource.type for resource in named} == set(LIMITS)
    assert [called(r) for r in named if len(called(r)) > LIMITS[r.type][1]] == []
    own = [(r.type, called(r)) for r in named if r.type not in NAMES_OF_OTHERS]
    assert [each for each, count in Counter(own).items() if count > 1] == []
    prefix = "twelve-chars-sixteen-letters0-twelve-signs"
    assert max(len(called(resource)) for resource in named) > len(prefix) + 24


def of(found: list[Resource], kind: str) -> list[Resource]:
    return [resource for resource in found if resource.type == kind]


def called(resource: Resource) -> str:
    return str(resource.values[LIMITS[resource.type][0]])
