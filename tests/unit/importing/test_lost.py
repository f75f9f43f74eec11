"""Whatever a source holds, nothing of it gets lost, and nobody sees a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from slipway.config.layers import defaults
from slipway.config.sources import File, Sources
from slipway.errors import SlipwayError
from slipway.importing import copilot, copilot_words, ecs_words, ecspresso, servicedef, taskdef
from slipway.importing.draft import Around, Draft, Node, leaves
from slipway.importing.fit import fit
from slipway.importing.report import Report, markdown
from slipway.importing.shared import name_of
from slipway.scaffold.routes import Taken

AROUND = Around(
    environments=("staging", "prod"),
    taken=(Taken(service="greeter", path="/greeter", host="", priority=100),),
    services=frozenset({"greeter"}),
)
PROJECT = {
    "project": {"name": "shop"},
    "environments": {name: {"target": "embedded"} for name in AROUND.environments},
}
GREETER = {"name": "greeter", "route": {"path": "/greeter", "priority": 100}}

DEFAULTS = defaults()

# The same sources each time, and the first one that fails as it is: a run ends in seconds.
FEW = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**6),
    st.sampled_from(
        ["/", "api", "a b", "10s", "1-10", "${X}", "\ue0005b\ue001", "none", "64", "X_1"]
    ),
    st.text(max_size=5),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["name", "value", "valueFrom", "path", "min", "secretsmanager", "a.b"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)


def words(*tables: Any) -> list[str]:
    """The keys that rules are about."""
    return sorted({key if isinstance(key, str) else key[0] for table in tables for key in table})


COPILOT = words(
    copilot_words.GIVEN,
    copilot_words.LEFT,
    copilot_words.SERVICE,
    copilot_words.JOB,
    ["cpu", "memory", "count", "count.range", "http", "http.path", "http.alias", "image.port"],
    ["http.healthcheck", "secrets", "env_file", "platform", "deployment.rolling", "on.schedule"],
    ["environments.prod.count", "environments.prod.http.path", "environments.prod.memory"],
    ["environments.prod.secrets", "variables.PORT", "variables.DB_PASSWORD", "variables.A"],
    ["secrets.A", "secrets.B", "environments.none.cpu", "something.else"],
)
TASK = words(
    ecs_words.TASK_GIVEN, ecs_words.TASK_LEFT, ["cpu", "memory", "runtimePlatform.cpuArchitecture"]
)
CONTAINER = words(
    ecs_words.CONTAINER_GIVEN,
    ecs_words.CONTAINER_LEFT,
    ["portMappings", "environment", "secrets", "stopTimeout"],
)
SERVICE = words(
    ecs_words.SERVICE_GIVEN,
    ecs_words.SERVICE_LEFT,
    ["desiredCount", "healthCheckGracePeriodSeconds", "deploymentController.type"],
    ["deploymentConfiguration.strategy", "deploymentConfiguration.minimumHealthyPercent"],
)


def table(keys: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A table with some of these dotted keys; where one is in another's value, that one is not."""
    return st.dictionaries(st.sampled_from(keys), VALUES, max_size=8).map(nested)


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for dotted, value in flat.items():
        here = found
        *above, last = dotted.split(".")
        for part in above:
            inner = here.get(part)
            here[part] = here = inner if isinstance(inner, dict) else {}
        here[last] = value
    return found


def hold(draft: Draft, service: str, *documents: Node) -> None:
    """What has to be true of every import."""
    draft.finish(*documents)
    told = [(each.file, place) for each in draft.findings for place in each.covers]
    there = [(each.file, place) for each in documents for place in leaves(each.value)]
    assert sorted(map(str, told)) == sorted(map(str, there))
    project = File(shown="slipway.toml", values=PROJECT)
    greeter = File(shown="services/greeter/service.toml", values=GREETER)
    sources = Sources(
        defaults=DEFAULTS,
        project=project,
        services={"greeter": greeter},
        local_values={"greeter": ()},
    )
    fit(draft, service, sources)
    report = Report(service=service, source="x", format="x", draft=draft)
    assert markdown(report)
    for each in draft.findings:
        if each.outcome in ("carried", "changed"):
            *above, last = each.key
            list_of_secrets = above[-1:] == ["secrets"]
            value = draft.get(tuple(above) if list_of_secrets else each.key)
            assert last in value if list_of_secrets else value is not None


@pytest.mark.parametrize("kind", [*copilot.SERVING, copilot.SCHEDULED])
@FEW
@given(source=table(COPILOT))
def test_copilot(kind: str, source: dict[str, Any]) -> None:
    """Manifests of every type with any values anywhere."""
    draft = Draft(around=AROUND)
    node = Node(draft=draft, file="manifest.yml", value={**source, "name": "shop", "type": kind})
    hold(draft, copilot.draft(node), node)


@FEW
@given(
    task=table(TASK),
    containers=st.lists(table(CONTAINER), min_size=1, max_size=2),
    service=st.none() | table(SERVICE),
    config=table(words(ecspresso.GIVEN, ecspresso.LEFT, ["timeout", "service", "appspec.Hooks"])),
)
def test_ecspresso(
    task: dict[str, Any],
    containers: list[dict[str, Any]],
    service: dict[str, Any] | None,
    config: dict[str, Any],
) -> None:
    """The three files with any values anywhere."""
    draft = Draft(around=AROUND)
    outer = Node(draft=draft, file="ecspresso.yml", value=config)
    whole = {**task, "containerDefinitions": containers}
    document = Node(draft=draft, file="taskdef.json", value=whole)
    beside = Node(draft=draft, file="service.json", value=service) if service else None
    name = ecspresso.draft(
        outer, taskdef.inner(document), servicedef.inner(beside) if beside else None, "shop"
    )
    hold(draft, name, *(each for each in (outer, document, beside) if each))


@FEW
@given(name=st.text(max_size=30))
def test_names(name: str) -> None:
    """Any name becomes one of ours, or is refused with a next step."""
    try:
        found = name_of(name, "", AROUND)
    except SlipwayError as error:
        found = error.next_step
    assert found
