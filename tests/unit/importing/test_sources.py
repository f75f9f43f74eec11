"""What can be named as a source, and what is said of what can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.errors import ConfigError, SlipwayError
from slipway.importing import read
from slipway.importing.draft import Around
from slipway.importing.ecspresso import Functions
from slipway.importing.sources import Request, drafted, variables
from tests.cases_files import CASES

AROUND = Around(environments=("prod",))
MANIFEST = "name: shop\ntype: Load Balanced Web Service\n"
TASK = '{"family": "shop", "containerDefinitions": [{"name": "a", "image": "a"}]}'


def message(error: pytest.ExceptionInfo[SlipwayError], folder: Path) -> str:
    assert error.value.next_step
    return error.value.message.replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.yml", "a: [", "a.yml: line 1: expected the node content, but found '<stream end>'"),
        ("a.yml", "a: 1\na: 2", "a.yml: line 2: a: a key must be a text, and be there once"),
        ("a.yml", "~: 1", "a.yml: line 1: ~: a key must be a text, and be there once"),
        ("a.yml", "a: &a [*a]", "a.yml: more than 20000 values, or values that hold themselves"),
        ("a.yml", "- a", "a.yml: holds no table of keys"),
        ("a.yml", "", "a.yml: holds no table of keys"),
        ("a.yml", "a: 1\n---\nb: 1", "a.yml: line 2: but found another document"),
        ("a.json", '{"a": 1, "a": 2}', "a.json: no JSON: a is there twice"),
        ("a.json", "{", "a.json: line 1, column 2: no JSON: Expecting property name enclosed"),
        ("a.json", "[" * 20000, "a.json: no JSON: maximum recursion depth exceeded"),
        ("a.json", '{"a": {{ if 1 }}2{{ end }}}', "a.json: line 1: {{ if 1 }}: a template that"),
        ("a.jsonnet", "{ a: std.extVar('x') }", "a.jsonnet: no Jsonnet: external variable is not"),
        ("a.jsonnet", "{ a: import 'b' }", "a.jsonnet: no Jsonnet: can't resolve b"),
        ("a.yml", "type: Static Site\nname: a", "a.yml: type: Static Site: it has no container"),
        ("a.yml", "type: Nothing\nname: a", "a.yml: type: Nothing: not a type of Copilot"),
        ("a.yml", "b: 1", "a.yml: neither a manifest of Copilot (type)"),
        ("a.json", '{"taskDefinition": "shop:1"}', "a.json: neither a manifest of Copilot (type)"),
        ("a.json", '{"containerDefinitions": []}', "a.json: no containerDefinitions in it"),
        ("a.yml", "task_definition: b.json", "b.json: no such file or directory"),
        (
            "a.yml",
            "task_definition: '{{ must_env `T` }}'",
            "a.yml: task_definition: {{ must_env `T` }}: no file is known by it",
        ),
        ("a.yml", "task_definition: [a]", "a.yml: task_definition: a list or a table: no"),
        ("a.yml", "task_definition: ''", "a.yml: task_definition: names no file"),
        ("a.yml", MANIFEST.replace("shop", "x"), "import: 'x' can't be the name of a service"),
    ],
)
def test_what_cannot_be_read(name: str, text: str, expected: str, tmp_path: Path) -> None:
    """One message with the file, the place where there is one, and a next step."""
    (tmp_path / name).write_text(text)
    with pytest.raises(SlipwayError) as error:
        drafted(Request(path=tmp_path / name), AROUND)
    assert message(error, tmp_path).startswith(expected)


def test_an_env_file_that_is_not_there(tmp_path: Path) -> None:
    """It was named, so doing without it would be a surprise."""
    with pytest.raises(ConfigError, match=r"no\.env: no such file or directory"):
        variables(tmp_path / "no.env")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """The number of the byte tells where."""
    (tmp_path / "a.yml").write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match=r"a\.yml: is not UTF-8 \(byte 3\)"):
        drafted(Request(path=tmp_path / "a.yml"), AROUND)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("manifest.yml", MANIFEST, "copilot"),
        ("shop/manifest.yml", MANIFEST, "copilot"),
        ("copilot/shop/manifest.yml", MANIFEST, "copilot"),
        ("ecs-task-def.json", TASK, "taskdef"),
        ("taskdef.json", f'{{"taskDefinition": {TASK}}}', "taskdef"),
    ],
)
def test_folders(name: str, text: str, kind: str, tmp_path: Path) -> None:
    """A folder stands for the file in it that has a known name."""
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    found = drafted(Request(path=tmp_path), AROUND)
    assert (found.format, found.service) == (kind, "shop")


def test_a_folder_with_several(tmp_path: Path) -> None:
    """The error names what could be meant."""
    for name in ("a", "b"):
        (tmp_path / "copilot" / name).mkdir(parents=True)
        (tmp_path / "copilot" / name / "manifest.yml").write_text(MANIFEST)
    with pytest.raises(ConfigError) as error:
        drafted(Request(path=tmp_path), AROUND)
    assert error.value.next_step.endswith(f"{tmp_path}/copilot/a or --from={tmp_path}/copilot/b")


def test_the_format_decides_between_two(tmp_path: Path) -> None:
    """ecspresso's folder holds a task definition that can be meant alone."""
    for file in (CASES / "importing" / "ecspresso" / "plain").glob("*.*"):
        (tmp_path / file.name).write_text(file.read_text())
    assert drafted(Request(path=tmp_path), AROUND).format == "ecspresso"
    assert drafted(Request(path=tmp_path, format="taskdef"), AROUND).format == "taskdef"


def test_plain_values_stay_as_they_are_written(tmp_path: Path) -> None:
    """What other readers of YAML take for numbers, switches or dates is a text for Go's."""
    file = tmp_path / "a.yml"
    file.write_text("on: yes\nzip: 0123\nat: 12:30\nday: 2026-01-01\nbig: 1e3\nnone: ~\n")
    assert read.document(file) == {
        "on": "yes",
        "zip": "0123",
        "at": "12:30",
        "day": "2026-01-01",
        "big": "1e3",
        "none": None,
    }


def test_jsonnet_calls_what_ecspresso_has(tmp_path: Path) -> None:
    """Functions with one and with two arguments, and those of a state with a prefix."""
    file = tmp_path / "a.jsonnet"
    file.write_text(
        "local f(name) = std.native(name); { a: f('env')('A', 'x'), b: f('must_env')('B'), "
        "c: f('net_tfstate')('output.id'), d: f('cfn_output')('stack', 'key') }"
    )
    state = {"outputs": {"id": {"value": "vpc-1"}}}
    found = read.document(file, Functions(env={"B": "1"}, states={"net_": state}))
    assert (found["a"], found["b"], found["c"]) == ("x", "1", "vpc-1")
    assert found["d"].startswith("\ue000")


def test_two_files_of_one_name(tmp_path: Path) -> None:
    """What one says is not taken for what the other says."""
    for name, text in (("task", TASK), ("service", '{"serviceName": "a-shop", "desiredCount": 2}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "def.json").write_text(text)
    request = Request(
        path=tmp_path / "task" / "def.json", service_definition=tmp_path / "service" / "def.json"
    )
    found = drafted(request, AROUND)
    assert found.service == "a-shop"
    assert found.draft.values["scale"] == {"min": 2, "max": 2}
    assert len({each.file for each in found.draft.findings}) == 2


def test_a_state_may_be_large(tmp_path: Path) -> None:
    """Real ones have more values than any configuration, and some files are none."""
    plain = CASES / "importing" / "ecspresso" / "tfstate"
    for file in plain.glob("ec*"):
        (tmp_path / file.name).write_text(file.read_text())
    large = '{"outputs": {"feed": {"value": "x"}}, "more": [' + "1," * 30000 + "1]}"
    for text, outcome in (("[]", "left"), (large, "given")):
        (tmp_path / "terraform.tfstate").write_text(text)
        found = drafted(Request(path=tmp_path, variables={"AWS_REGION": "us-west-1"}), AROUND)
        (plugin,) = (each for each in found.draft.findings if each.place == ("plugins", 0))
        assert plugin.outcome == outcome
        assert ("FEED" in found.draft.values.get("env", {})) == (outcome == "given")
