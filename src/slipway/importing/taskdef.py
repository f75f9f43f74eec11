"""ECS's task definitions: what each of their keys becomes; pure.

Source of their keys: Amazon ECS's API reference, RegisterTaskDefinition.
"""

from __future__ import annotations

import re

from slipway.errors import ConfigError
from slipway.importing.draft import Node
from slipway.importing.ecs_words import (
    CONTAINER_GIVEN,
    CONTAINER_LEFT,
    SIDECAR,
    TASK_GIVEN,
    TASK_LEFT,
)
from slipway.importing.shared import port, sizes
from slipway.importing.variables import ANEW, confidential, secret, variable

UNITS = re.compile(r"(\d*\.?\d+) *vcpu", re.IGNORECASE)
GIGABYTES = re.compile(r"(\d*\.?\d+) *gb", re.IGNORECASE)


def inner(document: Node) -> Node:
    """The task definition itself, also in the answer of DescribeTaskDefinition."""
    found = document.at("taskDefinition")
    definition = found if found.there else document
    if not definition.at("containerDefinitions").items():
        raise ConfigError(
            f"{document.file}: no containerDefinitions in it, so it is no task definition",
            next_step="aws ecs describe-task-definition --task-definition FAMILY > taskdef.json",
        )
    return definition


def draft(definition: Node, *, container: str = "", serves: bool) -> bool:
    """Fill the draft from a task definition; whether it is a web service.

    `container` is the one that requests go to; `serves` says that there is an ECS service of it.
    """
    containers = definition.at("containerDefinitions").items()
    main = chosen(containers, container)
    web = serves or bool(main.at("portMappings").items())
    task(definition, main)
    app(main, web=web)
    for each in containers:
        if each.place != main.place:
            each.leave(SIDECAR)
    if web:
        definition.draft.todo.append(
            "The health check is the target group's, which is in none of these files: see that "
            "`health.path` answers 200 (/health, if nothing is written)."
        )
    return web


def chosen(containers: list[Node], name: str) -> Node:
    """The service's own container: the named one, the one with a port, the essential one."""
    named = [each for each in containers if each.at("name").text() == name]
    ported = [each for each in containers if each.at("portMappings").items()]
    essential = [each for each in containers if each.at("essential").flag() is not False]
    return (named or ported or essential or containers)[0]


def task(definition: Node, main: Node) -> None:
    """What is said of the whole task."""
    cpu, memory = definition.at("cpu"), definition.at("memory")
    if not (cpu.there or memory.there):
        cpu, memory = main.at("cpu"), main.at("memory")
    sizes(cpu, units(cpu), memory, mebibytes(memory))
    processor(definition.at("runtimePlatform.cpuArchitecture"))
    system = definition.at("runtimePlatform.operatingSystemFamily")
    if system.text() == "LINUX":
        system.given("images are Debian's")
    for key, value, why in TASK_GIVEN:
        node = definition.at(key)
        if not value or node.text() == value or node.words() == [value]:
            node.given(why)
    for key, why in TASK_LEFT.items():
        definition.at(key).leave(why)


def units(node: Node) -> int | None:
    """CPU units, also from `1 vCPU`."""
    found = UNITS.fullmatch(node.text() or "")
    return round(float(found[1]) * 1024) if found else node.number()


def mebibytes(node: Node) -> int | None:
    """MiB, also from `2 GB`."""
    found = GIGABYTES.fullmatch(node.text() or "")
    return round(float(found[1]) * 1024) if found else node.number()


def processor(node: Node) -> None:
    """The processor that images are built for."""
    node.carry("architecture", {"X86_64": "x86_64", "ARM64": "arm64"}.get(node.text() or ""))


def app(main: Node, *, web: bool) -> None:
    """What is said of the service's own container."""
    for number, each in enumerate(main.at("portMappings").items()):
        if number:
            each.leave("a service has one port here")
        else:
            port(each.at("containerPort"))
            if each.at("protocol").text() == "udp":
                each.at("protocol").leave("requests come by HTTP, which is TCP")
            each.given("requests come by HTTP, to the task's own address")
    for each in main.at("environment").items():
        if (name := each.at("name").text()) and each.at("value").there:
            variable(each, name, each.at("value"))
    for each in main.at("secrets").items():
        if name := each.at("name").text():
            source(each, name, each.at("valueFrom"))
    main.at("stopTimeout").carry("stop_timeout", main.at("stopTimeout").number())
    if not web:
        runs(main)
    details(main)


def source(node: Node, name: str, value: Node) -> None:
    """A secret by the name or ARN that it is read from."""
    if value.text() is None:
        secret(node, name, ANEW)
    else:
        confidential(node, name, value.text())


def runs(main: Node) -> None:
    """What a task without a port runs becomes a job, by hand."""
    main.draft.set(("kind",), "job")
    said = [main.at(key) for key in ("entryPoint", "command")]
    words = [word for each in said for word in each.words() or []]
    for each in said:
        if each.words():
            each.carry("jobs.main.command", words)
    main.draft.todo.append(
        "It has no port, so it is a job that runs by hand: write `jobs.main.schedule` if it is to "
        "run at set times."
    )
    if not words:
        main.draft.set(("jobs", "main", "command"), ["python", "-m", "app"])
        main.draft.todo.append(
            "It names no command, since the image's own runs: write that into `jobs.main.command`."
        )


def details(main: Node) -> None:
    """What is left of the container."""
    log = main.at("logConfiguration")
    if log.at("logDriver").text() == "awslogs":
        log.given("logs go to CloudWatch, /ecs/NAME, by awslogs")
    for key, good, why, otherwise in CONTAINER_GIVEN:
        node = main.at(key)
        if good is None or node.flag() is good:
            node.given(why)
        else:
            node.leave(otherwise)
    for key, why in CONTAINER_LEFT.items():
        main.at(key).leave(why)
