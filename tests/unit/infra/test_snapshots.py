"""The last snapshot of a database: whole, readable afterwards, and before the end."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from slipway.aws import Aws
from slipway.console import Console
from slipway.errors import InfraError
from slipway.infra import snapshots
from slipway.infra.snapshots import Database, databases, take


def state(*resources: tuple[str, dict[str, Any]], mode: str = "managed") -> str:
    return json.dumps(
        {
            "resources": [
                {"mode": mode, "type": kind, "instances": [{"attributes": attributes}]}
                for kind, attributes in resources
            ]
        }
    )


class Rds:
    """Snapshots that take three looks, or end as `ends`."""

    def __init__(self, ends: str = "available") -> None:
        self.ends, self.calls, self.looks = ends, list[tuple[str, ...]](), 0

    def create_db_snapshot(self, **given: str) -> None:
        self.calls.append(("create", *given.values()))

    def copy_db_snapshot(self, *, CopyTags: bool, **given: str) -> None:  # noqa: N803
        self.calls.append(("copy", *given.values()))

    def delete_db_snapshot(self, **given: str) -> None:
        self.calls.append(("delete", *given.values()))

    def describe_db_snapshots(self, **_: str) -> Any:
        self.looks += 1
        return {"DBSnapshots": [{"Status": self.ends if self.looks % 3 == 0 else "creating"}]}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "POLL", 0.0)


def took(rds: Rds, database: Database) -> list[str]:
    goes = "key/1" if database.key_goes else "key/of-aws"
    instance = {"identifier": database.identifier, "kms_key_id": goes}
    known = state(("aws_kms_key", {"arn": "key/1"}), ("aws_db_instance", instance))
    console = Console(out=io.StringIO(), err=io.StringIO())
    return take([known, state()], cast(Aws, SimpleNamespace(rds=rds)), console)


def test_which_databases_a_state_knows() -> None:
    """And whether their key goes with them; what is only read is none of ours."""
    key, db = ("aws_kms_key", {"arn": "key/1"}), {"identifier": "dev-main", "kms_key_id": "key/1"}
    found = databases(state(key, ("aws_db_instance", db)))
    assert found == [Database(identifier="dev-main", key_goes=True)]
    plain = ("aws_db_instance", {"identifier": "dev-main", "kms_key_id": "key/of-aws"})
    assert databases(state(key, plain)) == [Database(identifier="dev-main")]
    assert databases(state(plain, mode="data")) == []
    unencrypted = ("aws_db_instance", {"identifier": "dev-main", "kms_key_id": None})
    assert databases(state(unencrypted)) == [Database(identifier="dev-main")]


def test_it_is_waited_for() -> None:
    """A database that goes while its snapshot is being made takes that along."""
    rds = Rds()
    (name,) = took(rds, Database(identifier="dev-main"))
    assert name.startswith("dev-main-final-2")
    assert (rds.calls, rds.looks) == ([("create", "dev-main", name)], 3)


def test_it_outlives_the_key() -> None:
    """Copied to a key that stays; the first one goes."""
    rds = Rds()
    (name,) = took(rds, Database(identifier="dev-main", key_goes=True))
    assert rds.calls == [
        ("create", "dev-main", f"{name}-key"),
        ("copy", f"{name}-key", name, "alias/aws/rds"),
        ("delete", f"{name}-key"),
    ]


def test_one_that_fails_keeps_the_database() -> None:
    """Said before anything of it was destroyed, with the way around."""
    with pytest.raises(InfraError, match=r"is failed .* its database was not destroyed") as caught:
        took(Rds("failed"), Database(identifier="dev-main"))
    assert "--no-snapshots" in caught.value.next_step
