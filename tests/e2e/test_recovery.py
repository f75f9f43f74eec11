"""docs/runbooks/recovery.md as it is written, tried on the embedded AWS: lost, noticed, got back.

`pytest -s` shows how long each recovery took.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import docker
import pytest

from embedded_aws.databases.images import POSTGRES
from embedded_aws.settings import instance_name
from tests.e2e.checkout import Clone, Ran, free_port, make_clone

pytestmark = pytest.mark.e2e

LIMIT = 600
"""Seconds for a recovery here; on AWS an hour is the promise."""

SERVICE = """
secrets = ["API_KEY"]

[database]
enabled = true

[buckets.uploads]
"""
STATES = "slipway-state-000000000000-us-west-1"


@dataclass
class Place:
    """An environment that runs, with everything in it that can be lost."""

    clone: Clone
    tfvars: str

    def client(self, name: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            name,
            endpoint_url=f"http://127.0.0.1:{self.clone.port}",
            region_name="us-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def configure(self, *lines: str) -> None:
        """What the environment's file says of the database's instances."""
        file = self.clone.root / "infra/environments/local.tfvars"
        file.write_text("\n".join([self.tfvars, *lines, ""]))

    def deploy(self, *flags: str) -> Ran:
        ran = self.clone.invoke("deploy", "--env=local", *flags, timeout=1200)
        assert ran.code == 0, ran.said
        return ran

    def deploy_anew(self, secret: str) -> None:
        """Deploy where there is nothing yet, and give the secret its value when asked for it."""
        ran = self.clone.invoke("deploy", "--env=local", timeout=1200)
        assert "secrets.set --env=local --service=greeter --name=API_KEY" in ran.err, ran.said
        give(self, secret)
        self.deploy()

    @property
    def database(self) -> Any:
        """What services are told of the database."""
        found = self.client("ssm").get_parameter(Name="/slipway-local/platform")
        return json.loads(found["Parameter"]["Value"])["database"]

    @property
    def identifiers(self) -> set[str]:
        found = self.client("rds").describe_db_instances()["DBInstances"]
        return {each["DBInstanceIdentifier"] for each in found}

    def sql(self, statement: str) -> str:
        """What the master of the database in use is answered."""
        database = self.database
        secrets = self.client("secretsmanager")
        arn = database["master_secret_arn"]
        master = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
        argv = ["psql", "-h", database["endpoint"], "-U", master["username"], "-d", "postgres"]
        said = docker.from_env().containers.run(
            POSTGRES,
            [*argv, "-Atc", statement],
            entrypoint=[],
            environment={"PGPASSWORD": master["password"], "PGSSLMODE": "require"},
            network=instance_name(self.clone.root / ".slipway" / "embedded"),
            remove=True,
            stderr=True,
        )
        return str(said.decode()).strip()

    def running_environment(self) -> dict[str, str]:
        """The variables of the task definition that is rolled out."""
        ecs = self.client("ecs")
        (service,) = ecs.describe_services(
            cluster="slipway-local", services=["slipway-local-greeter"]
        )["services"]
        arn = service["deployments"][0]["taskDefinition"]
        definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return {
            each["name"]: each["value"]
            for each in definition["containerDefinitions"][0]["environment"]
        }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    clone = make_clone(tmp_path_factory.mktemp("recovery"), free_port())
    manifest = clone.root / "services/greeter/service.toml"
    secrets, rest = SERVICE.strip().split("\n", 1)
    text = re.sub(r"(?m)^port = .*$", rf"\g<0>\n{secrets}", manifest.read_text(), count=1)
    manifest.write_text(text + rest)
    clone.edit("services/greeter/service.toml", r"min = 2", "min = 1")
    # Patient: this is about what comes back, not about how soon a task is found healthy.
    clone.edit("slipway.toml", "unhealthy = 3, grace = 60", "unhealthy = 9, grace = 99")
    clone.edit("slipway.toml", r"timeout = 300", "timeout = 900")
    file = clone.root / "infra/environments/local.tfvars"
    found = Place(clone, file.read_text() + '\ndatabase_class = "db.t4g.micro"\n')
    try:
        assert clone.invoke("setup").code == 0
        found.configure()
        found.deploy_anew("first")
        yield found
    finally:
        clone.invoke("local.reset", "--yes")


def give(place: Place, value: str) -> None:
    """Set the service's secret as a person would."""
    file = place.clone.root / ".slipway" / "value"
    file.write_text(value)
    where = ("--env=local", "--service=greeter", "--name=API_KEY")
    ran = place.clone.invoke("secrets.set", *where, f"--from-file={file}")
    assert ran.code == 0, ran.said


@contextmanager
def recovery(what: str) -> Iterator[None]:
    """Measure a recovery, and hold it to its limit."""
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    print(f"\nrecovered {what}: {seconds:.1f} s")
    assert seconds < LIMIT


def test_a_dropped_table(place: Place) -> None:
    """The second before comes back as another instance beside the first, and services use it."""
    source = place.database["identifier"]
    place.sql("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id")
    time.sleep(1.5)
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    time.sleep(1.5)
    place.sql("DROP TABLE orders")

    with recovery("a dropped table"):
        place.configure(
            "database_instances = {",
            "  main  = {}",
            f'  after = {{ source = "{source}", time = "{moment}" }}',
            "}",
            'database_current = "after"',
        )
        place.deploy()
    assert place.sql("SELECT count(*) FROM orders") == "1000"
    assert place.database["identifier"] == "slipway-local-after"
    assert place.running_environment()["DATABASE_INSTANCE"] == "slipway-local-after"
    assert place.identifiers == {source, "slipway-local-after"}
    # What a restore does not take over from its source is set by the second deploy.
    place.deploy("--refresh")
    assert "platform: unchanged" in place.deploy("--refresh", "--dry-run").out

    place.configure("database_instances = { after = {} }", 'database_current = "after"')
    refused = place.clone.invoke("deploy", "--env=local")
    address = 'module.database[0].aws_db_instance.this["main"]'
    assert f"- {address}" in refused.err
    logs = 'module.database[0].aws_cloudwatch_log_group.this["main/'
    gone = [address, f'{logs}postgresql"]', f'{logs}upgrade"]']
    place.deploy(*(f"--allow-destroy={each}" for each in gone))
    assert place.identifiers == {"slipway-local-after"}
    assert place.sql("SELECT count(*) FROM orders") == "1000"


def test_an_object_that_was_overwritten_and_deleted(place: Place) -> None:
    """Any version is copied back on top; a deletion is only a marker."""
    s3 = place.client("s3")
    bucket = place.running_environment()["BUCKET_UPLOADS"]
    for body in (b"good", b"bad"):
        s3.put_object(Bucket=bucket, Key="report", Body=body)
    s3.delete_object(Bucket=bucket, Key="report")

    with recovery("an object"):
        listed = s3.list_object_versions(Bucket=bucket, Prefix="report")
        (marker,) = listed["DeleteMarkers"]
        s3.delete_object(Bucket=bucket, Key="report", VersionId=marker["VersionId"])
        assert s3.get_object(Bucket=bucket, Key="report")["Body"].read() == b"bad"
        (old,) = (each for each in listed["Versions"] if each["Size"] == len("good"))
        source = {"Bucket": bucket, "Key": "report", "VersionId": old["VersionId"]}
        s3.copy_object(Bucket=bucket, Key="report", CopySource=source)
    assert s3.get_object(Bucket=bucket, Key="report")["Body"].read() == b"good"


def test_a_secret_that_was_overwritten(place: Place) -> None:
    """The value before is one label away; tasks that start afterwards get it."""
    give(place, "right")
    give(place, "wrong")
    secrets, name = place.client("secretsmanager"), "slipway-local/greeter/API_KEY"

    with recovery("a secret"):
        stages = secrets.describe_secret(SecretId=name)["VersionIdsToStages"]
        by_stage = {stage: version for version, held in stages.items() for stage in held}
        secrets.update_secret_version_stage(
            SecretId=name,
            VersionStage="AWSCURRENT",
            MoveToVersionId=by_stage["AWSPREVIOUS"],
            RemoveFromVersionId=by_stage["AWSCURRENT"],
        )
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "right"


def test_a_state_that_was_overwritten(place: Place) -> None:
    """Terraform says so, the version before is put back, and there is nothing to change."""
    s3, key = place.client("s3"), "env:/local/platform.tfstate"
    s3.put_object(Bucket=STATES, Key=key, Body=b"not a state")
    broken = place.clone.invoke("deploy", "--env=local", "--refresh", "--dry-run")
    assert broken.code != 0
    assert "state.versions --env=local --stack=platform" in broken.err

    with recovery("a state"):
        where = ("--env=local", "--stack=platform")
        versions = place.clone.invoke("state.versions", *where, "--json").json()
        whole = next(each["version"]["id"] for each in versions if each["lineage"])
        restored = place.clone.invoke("state.restore", *where, f"--version={whole}")
        assert restored.code == 0, restored.said
        assert "platform: unchanged" in place.deploy("--refresh", "--dry-run").out


def test_states_that_are_gone(place: Place) -> None:
    """A backup brings back what nobody has a version of any more."""
    kept = place.clone.invoke("state.backup", "--env=local").out.strip()
    s3, key = place.client("s3"), "env:/local/service/greeter.tfstate"
    for each in s3.list_object_versions(Bucket=STATES, Prefix=key)["Versions"]:
        s3.delete_object(Bucket=STATES, Key=key, VersionId=each["VersionId"])

    with recovery("a state from a backup"):
        where = ("--env=local", "--stack=service", "--service=greeter")
        file = f"{kept}/service/greeter.tfstate"
        restored = place.clone.invoke("state.restore", *where, f"--from={file}")
        assert restored.code == 0, restored.said
        assert "greeter: unchanged" in place.deploy("--refresh", "--dry-run").out


def test_an_environment_that_was_destroyed(place: Place) -> None:
    """A deploy makes it again, its database begins with the last snapshot."""
    place.sql("CREATE TABLE customers AS SELECT generate_series(1, 100) AS id")
    rds, last = place.client("rds"), "slipway-local-final"
    rds.create_db_snapshot(
        DBInstanceIdentifier=place.database["identifier"], DBSnapshotIdentifier=last
    )
    rds.get_waiter("db_snapshot_available").wait(
        DBSnapshotIdentifier=last, WaiterConfig={"Delay": 1}
    )
    gone = place.clone.invoke("destroy", "--env=local", "--yes=local", timeout=1200)
    assert gone.code == 0, gone.said

    with recovery("an environment"):
        place.configure(f'database_instances = {{ main = {{ snapshot = "{last}" }} }}')
        place.deploy_anew("again")
    assert place.sql("SELECT count(*) FROM customers") == "100"
    place.configure()
    assert "platform: unchanged" in place.deploy("--dry-run").out
