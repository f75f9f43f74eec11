"""Migrations on a real PostgreSQL: the first one, two at once, one that fails, one left running."""

from __future__ import annotations

import json
import platform
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest

from embedded_aws.databases.images import POSTGRES
from embedded_aws.settings import instance_name
from slipway.aws import Aws, connect
from slipway.config import load
from slipway.errors import DeployError
from slipway.paths import Checkout
from slipway.release.migrations import demand_success
from slipway.rollout import oneoff
from slipway.rollout.oneoff import Ended, OneOff
from slipway.tools import uv
from tests.e2e.embedded import BASE, REGION, Embedded, build_context, wait_for

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "docs/examples/migrate/migrate.py"
CLUSTER, LOGS, SERVICE = "shop", "/ecs/shop", "orders"
NETWORK: Any = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}

FIRST = {"0001.sql": "CREATE TABLE orders (id int)"}
SLOW = {"0002.sql": "SELECT pg_sleep(3); ALTER TABLE orders ADD COLUMN note text"}
WRONG = {"0003.sql": "ALTER TABLE orders ADD COLUMN more text; ALTER TABLE orders DROP COLUMN gone"}
BASE_IMAGE = "slipway-e2e-migrate"


@dataclass
class Office:
    """A service with a database of its own on a new PostgreSQL, and what migrates it."""

    embedded: Embedded
    database: Any = None
    account: str = ""
    images: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ecs, self.rds = self.embedded.client("ecs"), self.embedded.client("rds")
        self.secrets = self.embedded.client("secretsmanager")
        environment = load(Checkout(ROOT), "local").environment
        self.aws: Aws = connect(environment, endpoint=f"http://127.0.0.1:{self.embedded.port}")

    def push(self, tag: str, *migrations: dict[str, str]) -> None:
        """An image of the service with these migrations."""
        files = {name: text.encode() for each in migrations for name, text in each.items()}
        dockerfile = f"FROM {BASE_IMAGE}\nCOPY *.sql /app/migrations/\n"
        context = build_context(dockerfile, files)
        self.images[tag] = self.embedded.push("shop/orders", tag, context)

    def register(self, **changes: str) -> str:
        """The template revision that the service's stack would have."""
        endpoint = self.database["Endpoint"]
        env = {
            "DATABASE_HOST": endpoint["Address"],
            "DATABASE_PORT": str(endpoint["Port"]),
            "DATABASE_NAME": SERVICE,
            "DATABASE_USERNAME": SERVICE,
            "DATABASE_SECRET_ARN": self.account,
            "DATABASE_MASTER_SECRET_ARN": self.database["MasterUserSecret"]["SecretArn"],
            **changes,
        }
        options = {
            "awslogs-group": LOGS,
            "awslogs-region": REGION,
            "awslogs-stream-prefix": "migrate",
        }
        app: Any = {
            "name": "app",
            "image": self.images["first"],
            "environment": [{"name": name, "value": value} for name, value in env.items()],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        found = self.ecs.register_task_definition(
            family="orders-migrate",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="1024",
            memory="2048",
            containerDefinitions=[app],
        )
        return str(found["taskDefinition"]["taskDefinitionArn"])

    def task(self, tag: str, **changes: str) -> OneOff:
        return OneOff(
            name="the migration of orders",
            cluster=CLUSTER,
            service=SERVICE,
            template=self.register(**changes),
            image=self.images[tag],
        )

    def migrate(self, tag: str, **changes: str) -> Ended:
        """As a deploy runs it."""
        return oneoff.run(self.aws, self.task(tag, **changes))

    @property
    def login(self) -> dict[str, Any]:
        found = self.secrets.get_secret_value(SecretId=self.account)["SecretString"]
        login: dict[str, Any] = json.loads(found)
        return login

    def sql(self, statement: str) -> str:
        """What the service itself gets, with the account that the migration made."""
        login = self.login
        argv = ["psql", "-h", login["host"], "-p", str(login["port"]), "-U", login["username"]]
        said = docker.from_env().containers.run(
            POSTGRES,
            [*argv, "-d", login["dbname"], "-Atc", statement],
            entrypoint=[],
            environment={"PGPASSWORD": login["password"], "PGSSLMODE": "require"},
            network=instance_name(self.embedded.checkout.work / "embedded"),
            remove=True,
            stderr=True,
        )
        return str(said.decode()).strip()

    @property
    def columns(self) -> str:
        return self.sql(
            "SELECT string_agg(column_name, ',' ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_name = 'orders'"
        )


def build_base(folder: Path) -> None:
    """The documented program with what it imports, once for all images."""
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    wheels = ("--python-version=3.13", f"--python-platform={machine}-manylinux_2_28")
    install = (str(uv()), "pip", "install", "--quiet", f"--target={folder / 'site'}", *wheels)
    subprocess.run([*install, "psycopg[binary]", "boto3"], check=True)
    (folder / "migrate.py").write_bytes(PROGRAM.read_bytes())
    (folder / "Dockerfile").write_text(
        f"FROM {BASE}\nENV PYTHONPATH=/site PYTHONUNBUFFERED=1\nCOPY site /site\n"
        'COPY migrate.py /app/\nCMD ["python3", "/app/migrate.py"]\n'
    )
    docker.from_env().images.build(path=str(folder), tag=BASE_IMAGE, rm=True, forcerm=True)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Nothing has been migrated yet: there is neither role nor database."""
    embedded = Embedded.make(tmp_path_factory.mktemp("office"))
    build_base(tmp_path_factory.mktemp("image"))
    try:
        embedded.up()
        yield opened(embedded)
    finally:
        embedded.reset()
        docker.from_env().images.remove(BASE_IMAGE, force=True)
        assert not embedded.containers


def opened(embedded: Embedded) -> Office:
    office = Office(embedded)
    office.rds.create_db_instance(
        DBInstanceIdentifier="shop",
        Engine="postgres",
        EngineVersion="16.8",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="boss",
        ManageMasterUserPassword=True,
        BackupRetentionPeriod=0,
    )
    # As the stack makes it: complete but for the password.
    made = {"engine": "postgres", "dbname": SERVICE, "username": SERVICE, "password": ""}
    secret = office.secrets.create_secret(
        Name="shop-orders/database", SecretString=json.dumps(made)
    )
    office.account = secret["ARN"]
    embedded.client("ecr").create_repository(repositoryName="shop/orders")
    for tag, migrations in (
        ("first", (FIRST,)),
        ("slow", (FIRST, SLOW)),
        ("wrong", (FIRST, SLOW, WRONG)),
    ):
        office.push(tag, *migrations)
    embedded.client("logs").create_log_group(logGroupName=LOGS)
    office.ecs.create_cluster(clusterName=CLUSTER)

    def available() -> Any:
        found = office.rds.describe_db_instances(DBInstanceIdentifier="shop")["DBInstances"][0]
        return found if found["DBInstanceStatus"] == "available" else None

    office.database = wait_for("the database", available)
    office.ecs.create_service(
        cluster=CLUSTER,
        serviceName=SERVICE,
        taskDefinition=office.register(),
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=NETWORK,
    )
    return office


def test_the_first_one_makes_role_and_database(office: Office) -> None:
    """The service's own account works, and may nothing but its own; the second run has no work."""
    assert not office.login["password"]
    ended = office.migrate("first")
    assert ended.exit_code == 0, ended
    assert ended.log == ("applied 0001.sql",)
    assert office.columns == "id"
    assert office.sql("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = user") == "f"
    password = office.login["password"]
    again = office.migrate("first")
    assert (again.exit_code, again.log) == (0, ())
    assert office.login["password"] == password


def test_two_at_once_follow_each_other(office: Office) -> None:
    """Started past every guard of ours, PostgreSQL's lock keeps them apart: one finds it done."""
    content = office.ecs.register_task_definition(
        family="orders-migrate-raw",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="1024",
        memory="2048",
        containerDefinitions=[
            {
                **office.ecs.describe_task_definition(taskDefinition=office.register())[
                    "taskDefinition"
                ]["containerDefinitions"][0],
                "image": office.images["slow"],
            }
        ],
    )["taskDefinition"]
    tasks = office.ecs.run_task(
        cluster=CLUSTER,
        taskDefinition=content["taskDefinitionArn"],
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        count=2,
    )["tasks"]
    arns = [task["taskArn"] for task in tasks]

    def ended() -> Any:
        found = office.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
        return found if all(task["lastStatus"] == "STOPPED" for task in found) else None

    codes = [task["containers"][0]["exitCode"] for task in wait_for("both", ended)]
    assert codes == [0, 0]
    assert office.sql("SELECT count(*) FROM migrations WHERE name = '0002.sql'") == "1"
    assert office.columns == "id,note"


def test_one_that_fails_leaves_nothing_of_itself(office: Office) -> None:
    """Exit code, reason and the end of its log are told; what it had done is undone."""
    before = office.columns
    ended = office.migrate("wrong")
    with pytest.raises(DeployError) as caught:
        demand_success("orders", ended, image=office.images["wrong"], environment="local")
    assert "ended with code 1; nothing was rolled out" in caught.value.message
    assert "Essential container in task exited" in caught.value.message
    assert 'column "gone" of relation "orders" does not exist' in caught.value.message
    assert caught.value.next_step == "mend the migration, and deploy again"
    assert office.columns == before


def test_a_database_that_does_not_answer_is_told(office: Office) -> None:
    """The log's last words name host and port."""
    ended = office.migrate("first", DATABASE_PORT="5999")
    assert ended.exit_code == 1
    assert any("port 5999 failed" in line for line in ended.log), ended.log


def test_one_that_an_earlier_deploy_left_is_waited_for(office: Office) -> None:
    """A deploy was killed while its migration ran; the next one begins its own after that."""
    office.sql("DELETE FROM migrations WHERE name = '0002.sql'; ALTER TABLE orders DROP note")
    left: dict[str, Ended] = {}
    task = office.task("slow")

    def run() -> None:
        left["ended"] = oneoff.run(office.aws, task)

    first = threading.Thread(target=run)
    first.start()
    running = {"cluster": CLUSTER, "family": "orders-migrate", "desiredStatus": "RUNNING"}
    wait_for("the first", lambda: office.ecs.list_tasks(**running)["taskArns"])
    said: list[str] = []
    second = oneoff.run(office.aws, office.task("slow"), say=said.append)
    first.join()
    assert (left["ended"].exit_code, second.exit_code) == (0, 0)
    assert left["ended"].log == ("applied 0002.sql",)
    assert second.log == ()
    (line,) = said
    assert "waiting for one that runs already" in line
    assert left["ended"].task in line
