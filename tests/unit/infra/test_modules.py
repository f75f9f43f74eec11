"""Every module is laid out, explained and tested like the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hcl import INFRA, MODULES, STACKS, blocks

FILES = {"README.md", "main.tf", "outputs.tf", "variables.tf", "versions.tf"}
TESTS = {file: file.read_text() for file in INFRA.glob("*/*.tftest.hcl")}

# Few lines that nobody needs to be told how to read.
WITHOUT_PROVIDER = {"name"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_has_its_files(module: Path) -> None:
    """The same five everywhere; what is too long for main.tf has a file named by what it is."""
    names = {file.name for file in module.iterdir() if file.is_file()}
    assert names >= FILES
    assert {name for name in names - FILES if not name.endswith((".tf", ".json"))} == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_declares_where_one_looks(module: Path) -> None:
    """Variables in variables.tf and outputs in outputs.tf, and nothing else there."""
    for file in module.glob("*.tf"):
        kinds = set(re.findall(r"^(\w+)(?: \"[^\"]+\")* \{", file.read_text(), re.M))
        assert ("variable" in kinds) == (file.name == "variables.tf"), file.name
        assert ("output" in kinds) == (file.name == "outputs.tf"), file.name
        if file.name in {"variables.tf", "outputs.tf", "versions.tf"}:
            assert len(kinds) == 1, f"{file.name}: {kinds}"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_pins_what_it_needs(module: Path) -> None:
    """The same versions as the stacks, so that none holds the others back."""
    stack = (INFRA / "platform/terraform.tf").read_text()
    said = (module / "versions.tf").read_text()
    for line in re.findall(r"(?:required_version|  version) += .*", stack):
        wanted = line.startswith("required") or module.name not in WITHOUT_PROVIDER
        assert (line in said) == wanted, line


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_is_explained(module: Path) -> None:
    """A README that begins with its name, says what it makes, and shows its use or says where."""
    text = (module / "README.md").read_text()
    assert text.startswith(f"# {module.name}\n")
    assert len(text.split()) >= 15
    used = re.search(r"infra/\w+/\w+\.tf|`\w+`", text)
    shown = f'/{module.name}"' in text
    assert shown or used


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_is_tested(module: Path) -> None:
    """Some run of a stack's tests is about the module alone, and asserts or is refused."""
    call = f'source = "../modules/{module.name}"'
    about = [
        run
        for text in TESTS.values()
        for run in re.findall(r'^run "\w+" \{\n(?:  .*\n|\n)*\}', text, re.M)
        if call in run and re.search(r"^  (assert|expect_failures)\b", run, re.M)
    ]
    assert about


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_is_used(module: Path) -> None:
    """By a stack, or by a module that one uses."""
    callers = [
        block
        for folder in (*STACKS, *MODULES)
        for block in blocks(folder, "module")
        if block.value("source").endswith(f'/{module.name}"')
    ]
    assert callers


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack.name)
def test_a_stack_is_tested(stack: Path) -> None:
    """A run without a module of its own is about the whole stack."""
    runs = [
        run
        for file, text in TESTS.items()
        if file.parent == stack
        for run in re.findall(r'^run "\w+" \{\n(?:  .*\n|\n)*\}', text, re.M)
        if "  module {" not in run
    ]
    assert any("assert" in run for run in runs)
    assert any("expect_failures" in run for run in runs)
