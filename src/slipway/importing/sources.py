"""Which files a source is made of, and the draft that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from slipway.errors import ConfigError, UsageError
from slipway.importing import copilot, ecspresso, read, servicedef, taskdef
from slipway.importing.draft import Around, Draft, Node
from slipway.importing.ecspresso import Functions
from slipway.importing.shared import name_of, named, route
from slipway.importing.template import shown

Format = Literal["auto", "copilot", "ecspresso", "taskdef"]

MANIFEST = ("manifest.yml", "manifest.yaml")
CONFIG = ("ecspresso.yml", "ecspresso.yaml", "ecspresso.json", "ecspresso.jsonnet")
DEFINITION = ("ecs-task-def.json", "ecs-task-def.jsonnet", "taskdef.json")
KNOWN = {
    name: kind
    for kind, names in {
        "copilot": MANIFEST,
        "ecspresso": CONFIG,
        "taskdef": DEFINITION,
    }.items()
    for name in names
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to import: a file or its folder, and what the user says about it.

    `variables` are those of an env file; `service_definition` is beside a task definition.
    """

    path: Path
    format: Format = "auto"
    service: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    service_definition: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A draft with the name of its service and the kind of its source."""

    service: str
    format: str
    draft: Draft


def drafted(request: Request, around: Around) -> Drafted:
    """Read a source and say what becomes of it. Raises `ConfigError` where it can't be read."""
    file = source_file(request.path, request.format)
    first = read.document(file, functions_of(request, file, request.format))
    kind = request.format if request.format != "auto" else kind_of(file, first)
    if request.service_definition and kind != "taskdef":
        raise UsageError(
            f"import: --service-definition goes with a task definition, and {file} is {kind}'s",
            next_step="leave it out: that is read from the files themselves",
        )
    request = replace(request, path=file)
    draft, name = {"copilot": from_copilot, "ecspresso": from_ecspresso, "taskdef": from_taskdef}[
        kind
    ](request, first, around)
    return Drafted(service=name, format=kind, draft=draft)


def source_file(path: Path, kind: Format) -> Path:
    """The file itself, or the known one in a folder."""
    if not path.is_dir():
        return path
    names = [name for name, of in KNOWN.items() if kind in ("auto", of)]
    found = [path / name for name in names if (path / name).is_file()]
    if found:
        return found[0]
    below = [f"{above}{name}" for above in ("*/", "copilot/*/") for name in MANIFEST]
    manifests = sorted(each for pattern in below for each in path.glob(pattern))
    if len(manifests) == 1 and kind in ("auto", "copilot"):
        return manifests[0]
    raise ConfigError(
        f"{path}: has none of {', '.join(names)}",
        next_step="import one service at a time: "
        + (" or ".join(f"--from={each.parent}" for each in manifests[:5]) or "--from=FILE"),
    )


def kind_of(file: Path, found: Mapping[str, Any]) -> str:
    """Whose file it is, by its keys. Raises `ConfigError` where nobody's that is known here."""
    # A service definition names a task definition, too, and holds none.
    if "containerDefinitions" in found or isinstance(found.get("taskDefinition"), dict):
        return "taskdef"
    if "task_definition" in found:
        return "ecspresso"
    if "type" in found:
        return "copilot"
    raise ConfigError(
        f"{file}: neither a manifest of Copilot (type), nor a configuration of ecspresso "
        "(task_definition), nor a task definition (containerDefinitions)",
        next_step="name such a file, or its folder: --from=PATH",
    )


def functions_of(request: Request, file: Path, kind: str) -> Functions | None:
    """What stands for the calls in a file; Copilot's manifests have none."""
    if kind == "copilot" or file.name in MANIFEST:
        return None
    return Functions(env=request.variables)


def from_copilot(request: Request, found: Any, around: Around) -> tuple[Draft, str]:
    """The draft of a Copilot manifest, and the name of the service."""
    workspace = root_of(request.path)
    draft = Draft(
        around=around,
        variables={**application(workspace), **request.variables},
        aside=env_files(found, workspace),
    )
    node = Node(draft=draft, file=request.path.name, value=found)
    name = copilot.draft(node, request.service)
    for each in sorted((request.path.parent / "addons").glob("*")):
        draft.todo.append(
            f"`addons/{each.name}` is CloudFormation: write what it makes as Terraform in infra."
        )
    draft.finish(node)
    return draft, name


def root_of(manifest: Path) -> Path:
    """The workspace's root, which paths in a manifest start from: above `copilot/NAME/`."""
    folders = manifest.absolute().parents
    return next((each.parent for each in folders if each.name == "copilot"), folders[0])


def application(workspace: Path) -> dict[str, str]:
    """The application's name, where the workspace has it."""
    file = workspace / "copilot" / ".workspace"
    if not file.is_file():
        return {}
    name = read.yaml(file, read.content(file))
    found = name.get("application") if isinstance(name, dict) else None
    return {"COPILOT_APPLICATION_NAME": str(found)} if found else {}


def env_files(found: Mapping[str, Any], workspace: Path) -> dict[str, Mapping[str, str]]:
    """The variables in the files that `env_file` names, by the name as it is written."""
    tables = found.get("environments")
    places = [found, *(tables.values() if isinstance(tables, dict) else ())]
    names = [each.get("env_file") for each in places if isinstance(each, dict)]
    files = {name: workspace / name for name in names if isinstance(name, str) and name}
    return {name: variables(file) for name, file in files.items() if file.is_file()}


def variables(file: Path) -> dict[str, str]:
    """The `NAME=VALUE` lines of a file, as they are. Raises `ConfigError` for no such file."""
    from dotenv import dotenv_values

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (getattr(error, "strerror", None) or "is not UTF-8").lower()
        raise ConfigError(
            f"{file}: {reason}", next_step="name a file of NAME=VALUE lines"
        ) from error
    lines = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in lines.items() if value is not None}


def from_ecspresso(request: Request, found: Any, around: Around) -> tuple[Draft, str]:
    """The draft of ecspresso's three files, and the name of the service."""
    draft = Draft(around=around, variables=request.variables)
    config = Node(draft=draft, file=request.path.name, value=found)
    functions = Functions(env=request.variables, states=states(config, request.path.parent))
    definition = beside(config, "task_definition", request.path, functions)
    if definition is None:
        raise ConfigError(
            f"{request.path}: task_definition: names no file",
            next_step="write its path there, as ecspresso wants it",
        )
    service = beside(config, "service_definition", request.path, functions)
    inner = taskdef.inner(definition)
    name = ecspresso.draft(
        config, inner, servicedef.inner(service) if service else None, request.service
    )
    draft.finish(*(each for each in (config, definition, service) if each))
    return draft, name


def beside(config: Node, key: str, file: Path, functions: Functions) -> Node | None:
    """The file that a key of the configuration names, from the configuration's folder."""
    node = config.at(key)
    name = node.text()
    if name is None and node.value is not None:
        said = shown(str(node.value)) or "a list or a table"
        raise ConfigError(
            f"{file}: {key}: {said}: no file is known by it",
            next_step="name a file with the variables that it asks for: --env-file=FILE",
        )
    if not name:
        return None
    return config.other(file=name, value=read.document(file.parent / name, functions))


def states(config: Node, folder: Path) -> dict[str, Mapping[str, Any]]:
    """Terraform's states that plugins name and that are on this machine, by their prefix."""
    found: dict[str, Mapping[str, Any]] = {}
    for plugin in config.at("plugins").items():
        if plugin.at("name").text() != "tfstate":
            continue
        place = plugin.at("config.path").text() or plugin.at("config.url").text() or ""
        file = folder / place.removeprefix("file://")
        state = read.parsed(file, read.content(file)) if place and file.is_file() else None
        found[plugin.at("func_prefix").text() or ""] = state if isinstance(state, dict) else {}
        if isinstance(state, dict):
            plugin.given(f"{place} is read: its values are in service.toml as they are now")
        else:
            plugin.leave(
                f"{place or 'its state'} is no state on this machine, so that its values are "
                "missing: `terraform state pull > terraform.tfstate`, name that by `path`, import "
                "again"
            )
    return found


def from_taskdef(request: Request, found: Any, around: Around) -> tuple[Draft, str]:
    """The draft of a task definition and, where there is one, its service's."""
    draft = Draft(around=around, variables=request.variables)
    document = Node(draft=draft, file=request.path.name, value=found)
    definition = taskdef.inner(document)
    second = service_beside(document, request)
    service = servicedef.inner(second) if second else None
    said = service.at("serviceName") if service else definition.at("family")
    name = name_of(said.text() or definition.at("family").text() or "", request.service, around)
    named(said, name)
    draft.set(("name",), name)
    container = servicedef.container(service) if service else ""
    web = taskdef.draft(definition, container=container, serves=bool(service))
    if service:
        servicedef.draft(service)
    if web:
        route(draft, name)
    draft.finish(*(each for each in (document, second) if each))
    return draft, name


def service_beside(document: Node, request: Request) -> Node | None:
    """The service definition that was named, if one was."""
    file = request.service_definition
    if not file:
        return None
    # Two files of one name in two folders are told apart by those.
    name = file.name if file.name != document.file else str(file)
    return document.other(file=name, value=read.document(file, Functions(env=request.variables)))
