"""MiniStack's faults in data, networks and alarms: a test fails once upstream has mended one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from slipway import local
from slipway.paths import Checkout

pytestmark = pytest.mark.e2e

CHECKOUT = Checkout(Path(__file__).parents[2])

PRELUDE = """
import asyncio, inspect, json, os
services = "rds,elasticache,monitoring,ec2,wafv2,apigateway,iam,secretsmanager"
os.environ.update(SERVICES=services, DOCKER_HOST="unix:///nowhere")
from ministack.services import apigateway, cloudwatch, ec2, elasticache, iam, rds, waf
from ministack.services import secretsmanager
def call(module, action, **data):
    answer = module._ACTION_MAP[action](data)
    return answer[0], answer[2].decode()
def show(value):
    print(json.dumps(value))
"""


def stock(code: str) -> Any:
    """What a few lines show on an unpatched MiniStack, with no engine to start anything on."""
    python = local.python(CHECKOUT)
    if not python.exists():
        pytest.skip("the embedded AWS is not installed: uv run invoke setup")
    done = subprocess.run(
        [python, "-c", PRELUDE + code],
        cwd=CHECKOUT.embedded_project.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


CREATE = """
call(rds, "CreateDBInstance", DBInstanceIdentifier="a", Engine="postgres", MasterUsername="m",
     ManageMasterUserPassword="true", **{"EnableCloudwatchLogsExports.member.1": "postgresql"},
     PreferredBackupWindow="01:00-02:00")
status, xml = call(rds, "DescribeDBInstances", DBInstanceIdentifier="a")
"""


@pytest.mark.parametrize("missing", ["MasterUserSecret", "postgresql</member>", "01:00-02:00"])
def test_an_instance_is_not_described_as_it_was_asked_for(missing: str) -> None:
    """The managed password, the exported logs and the backup window are dropped."""
    assert not stock(f"{CREATE}\nshow({missing!r} in xml)")


def test_a_database_is_made_that_nobody_asked_for() -> None:
    """An instance without a DBName gets one."""
    assert stock(f"{CREATE}\nshow('<DBName>mydb</DBName>' in xml)")


def test_an_instance_is_not_found_by_its_resource_id() -> None:
    """The filter that Terraform asks with is ignored: another instance seems to be the one."""
    found = stock("""
show(len(rds._apply_instance_filters([{"DbiResourceId": "db-A"}], {"dbi-resource-id": ["db-B"]})))
""")
    assert found == 1


def test_no_point_in_time_is_restored() -> None:
    """The action is unknown, and a restored snapshot has no server."""
    assert stock("show('RestoreDBInstanceToPointInTime' not in rds._ACTION_MAP)")
    assert stock("show('run' not in inspect.getsource(rds._restore_from_snapshot))")


def test_a_cache_user_has_no_password() -> None:
    """What a user proves itself by is forgotten."""
    user = stock("""
elasticache._create_user({"UserId": "u", "UserName": "u", "AccessString": "on ~* +@all",
    "AuthenticationMode.Type": "password", "AuthenticationMode.Passwords.member.1": "secret"})
show(elasticache._users.get("u"))
""")
    assert user["Authentication"] == {"Type": "no-password", "PasswordCount": 0}
    assert "secret" not in json.dumps(user)


def test_a_replication_group_hides_its_key() -> None:
    """KmsKeyId is not in the description, nor is the automatic upgrade of a node."""
    assert stock("show('KmsKeyId' not in inspect.getsource(elasticache._rg_xml))")
    assert stock(
        "show('AutoMinorVersionUpgrade' not in inspect.getsource(elasticache._cluster_xml_inner))"
    )


def test_parameters_are_not_filtered_by_source() -> None:
    """A group of one own parameter lists the defaults as its own, too."""
    xml = stock("""
elasticache._create_param_group({"CacheParameterGroupName": "g", "CacheParameterGroupFamily":
    "redis7", "Description": "d"})
show(elasticache._describe_cache_parameters({"CacheParameterGroupName": "g", "Source": "user"})[2]
     .decode())
""")
    assert "maxmemory-policy" in xml


ALARM = """
import urllib.parse
def query(**data):
    body = urllib.parse.urlencode(data).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return asyncio.run(cloudwatch.handle_request("POST", "/", headers, body, {}))[2].decode()
query(Action="PutMetricAlarm", AlarmName="a", ComparisonOperator="GreaterThanThreshold",
      Threshold="1", EvaluationPeriods="1", Period="300", Namespace="n", MetricName="m",
      Statistic="Sum", AlarmDescription="words", **{"AlarmActions.member.1": "arn:aws:sns:x",
      "Dimensions.member.1.Name": "d", "Dimensions.member.1.Value": "v",
      "Metrics.member.1.Id": "e", "Metrics.member.1.Expression": "1 + 1"})
xml = query(Action="DescribeAlarms")
"""


@pytest.mark.parametrize(
    "missing", ["<Period>", "<Dimensions>", "<AlarmActions>", "<Statistic>", "words", "1 + 1"]
)
def test_an_alarm_is_not_described_as_it_was_asked_for(missing: str) -> None:
    """The query protocol leaves most of an alarm out; metric math is dropped altogether."""
    assert not stock(f"{ALARM}\nshow({missing!r} in xml)")


def test_an_alarm_looks_at_the_metrics_of_others() -> None:
    """Dimensions play no part, so any service's metric sets off every service's alarm."""
    assert stock("show('imensions' not in inspect.getsource(cloudwatch._evaluate_alarm))")


NETWORK = """
vpc = ec2._create_vpc({"CidrBlock": "10.9.0.0/16"})[2].decode().split("<vpcId>")[1].split("<")[0]
for n in (1, 2):
    ec2._create_subnet({"VpcId": vpc, "CidrBlock": f"10.9.{n}.0/24"})
"""


def test_a_subnet_belongs_to_no_acl() -> None:
    """A new subnet is not associated with the default network ACL of its VPC."""
    assert stock(
        f"{NETWORK}\nshow([a['Associations'] for a in ec2._network_acls.values()"
        " if a['VpcId'] == vpc] == [[]])"
    )


def test_acls_are_not_found_by_subnet() -> None:
    """The filter association.subnet-id is overlooked."""
    xml = stock("""
show(ec2._describe_network_acls({"Filter.1.Name": "association.subnet-id",
                                 "Filter.1.Value.1": "subnet-none"})[2].decode())
""")
    assert "<networkAclId>" in xml


def test_a_rule_forgets_its_prefix_list() -> None:
    """A permission for a prefix list becomes one for nobody."""
    rules = stock("""
show(ec2._parse_ip_permissions({"IpPermissions.1.IpProtocol": "tcp",
     "IpPermissions.1.PrefixListIds.1.PrefixListId": "pl-1"}, "IpPermissions"))
""")
    assert rules[0]["PrefixListIds"] == []


def test_a_web_acl_can_write_no_log() -> None:
    """The calls for logging configurations are unknown."""
    assert stock("show('PutLoggingConfiguration' not in inspect.getsource(waf))")


def test_there_are_no_vpc_links() -> None:
    """Neither the path nor the fields of an integration that go with it."""
    assert stock("show('vpclinks' not in inspect.getsource(apigateway).lower())")
    assert stock("show('connectionId' not in inspect.getsource(apigateway._create_integration))")


def test_a_service_linked_role_is_given_a_description() -> None:
    """One that nobody asked for, which Terraform then wants to remove."""
    assert stock("""
iam._create_service_linked_role({"AWSServiceName": "rds.amazonaws.com"})
show(iam._roles.get("AWSServiceRoleForRds")["Description"])
""")


def test_an_acl_entry_forgets_its_ports() -> None:
    """A rule for one port, or one kind of ICMP, is described as one for all."""
    assert stock("show('PortRange' not in inspect.getsource(ec2._create_network_acl_entry))")
    assert stock("show('Icmp' not in inspect.getsource(ec2._create_network_acl_entry))")


def test_a_flow_log_forgets_its_role() -> None:
    """And its interval, its format and its tags."""
    assert stock("show('DeliverLogsPermissionArn' not in inspect.getsource(ec2))")


def test_a_secret_without_a_value_has_a_version() -> None:
    """And that is current, so that the first value is not."""
    versions = stock("""
secretsmanager._create_secret({"Name": "a"})
show(secretsmanager._secrets["a"]["Versions"])
""")
    assert [each["SecretString"] for each in versions.values()] == [None]


def test_an_endpoint_forgets_its_security_groups() -> None:
    """And whether it answers under the service's own name."""
    assert stock("show('SecurityGroupId' not in inspect.getsource(ec2._create_vpc_endpoint))")
    assert stock("show('PrivateDnsEnabled' not in inspect.getsource(ec2._create_vpc_endpoint))")


LABELLED = """
secretsmanager._create_secret({"Name": "a"})
value = {"SecretId": "a", "SecretString": "x", "VersionStages": %s}
answer = secretsmanager._put_secret_value(value)
show(json.loads(answer[2])["VersionStages"])
"""


def test_a_first_version_with_a_label_is_not_current() -> None:
    """Secrets Manager makes the first version current, whatever labels it is given."""
    assert stock(LABELLED % ["OWN"]) == ["OWN"]


def test_a_current_version_has_no_label_of_its_own() -> None:
    """Labels beside AWSCURRENT are dropped."""
    assert stock(LABELLED % ["AWSCURRENT", "OWN"]) == ["AWSCURRENT"]


def test_a_users_access_is_not_escaped() -> None:
    """An access string with a channel (&) makes the answer something else than XML."""
    assert stock("""
user = {"UserId": "u", "UserName": "u", "Engine": "redis", "AccessString": "on ~a:* &a:* +@all"}
show(" &a:*" in elasticache._create_user(user)[2].decode())
""")


JSON = """
def ask(action, data):
    headers = {"content-type": "application/x-amz-json-1.0",
               "x-amz-target": f"GraniteServiceVersion20100801.{action}"}
    body = json.dumps(data).encode()
    return json.loads(asyncio.run(cloudwatch.handle_request("POST", "/", headers, body, {}))[2])
"""


def test_expressions_are_not_computed() -> None:
    """GetMetricData refuses them."""
    found = stock(f"""{JSON}
queries = [{{"Id": "e", "Expression": "1 + 1"}}]
show(ask("GetMetricData", {{"StartTime": 0, "EndTime": 60, "MetricDataQueries": queries}}))
""")
    assert found["MetricDataResults"][0]["StatusCode"] == "InternalError"


def test_an_alarm_on_a_percentile_has_an_average_too() -> None:
    """A statistic that nobody asked for."""
    found = stock(f"""{JSON}
ask("PutMetricAlarm", {{"AlarmName": "a", "Namespace": "n", "MetricName": "m", "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Period": 60,
    "ExtendedStatistic": "p95"}})
show(ask("DescribeAlarms", {{}})["MetricAlarms"])
""")
    assert found[0]["Statistic"] == "Average"


def test_a_database_goes_without_its_last_snapshot() -> None:
    """Deleting asks for none, and makes none."""
    found = stock(f"""{CREATE}
show([call(rds, "DeleteDBInstance", DBInstanceIdentifier="a")[0], list(rds._snapshots.keys())])
""")
    assert found == [200, []]


def test_a_database_forgets_changes() -> None:
    """The logs that it is to export from now on."""
    found = stock(f"""{CREATE}
logs = {{"CloudwatchLogsExportConfiguration.EnableLogTypes.member.1": "upgrade"}}
call(rds, "ModifyDBInstance", DBInstanceIdentifier="a", **logs)
show("upgrade" in call(rds, "DescribeDBInstances", DBInstanceIdentifier="a")[1])
""")
    assert not found


def test_a_replication_group_forgets_changes() -> None:
    """Its security groups and its window for maintenance."""
    found = stock("""
name = {"ReplicationGroupId": "r"}
elasticache._create_replication_group({**name, "ReplicationGroupDescription": "d"})
elasticache._modify_replication_group({**name, "SecurityGroupIds.SecurityGroupId.1": "sg-9",
                                       "PreferredMaintenanceWindow": "sun:01:00-sun:02:00"})
show(json.dumps(elasticache._replication_groups.get("r"), default=str))
""")
    assert "sg-9" not in found
    assert "sun:01:00" not in found
