"""docs/tutorial.md as it is written, typed into a shell block by block; what it says comes true."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.checkout import ROOT, Clone, free_port, get, make_clone

pytestmark = pytest.mark.e2e

PAGE = (ROOT / "docs/tutorial.md").read_text()
BLOCKS = {
    heading: "".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    for heading, text in re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE)
}
SOMEBODY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "test"), ("EMAIL", "test@example.com"))
}


@dataclass
class Reader:
    """Somebody who types what the page says, in a checkout of his own."""

    clone: Clone

    def types(self, section: str) -> str:
        """What the commands of a section print; they stop at the first that fails."""
        block = BLOCKS.pop(section)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=self.clone.root,
            env={**self.clone.env, **SOMEBODY, "VIRTUAL_ENV": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}"
        return done.stdout

    def history(self, environment: str = "local") -> list[Any]:
        ran = self.clone.invoke("history", f"--env={environment}", "--service=orders", "--json")
        assert ran.code == 0, ran.said
        found = ran.json()
        assert isinstance(found, list)
        return found

    def answer(self, environment: str = "local") -> str:
        ran = self.clone.invoke("open", f"--env={environment}", "--service=orders")
        assert ran.code == 0, ran.said
        return str(get(ran.out.strip())["message"])


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    clone = make_clone(tmp_path_factory.mktemp("tutorial"), free_port())
    try:
        assert clone.invoke("setup").code == 0
        yield Reader(clone)
    finally:
        clone.invoke("local.reset", "--yes")


def test_the_tutorial(reader: Reader) -> None:
    """From `new` to `promote`; no block of the page is left out."""
    reader.types("Make it")
    log = subprocess.check_output(["git", "log", "-1", "--format=%s"], cwd=reader.clone.root)
    assert log == b"Add orders\n"

    said = reader.types("Deploy it")
    (first,) = reader.history()
    assert (first["verdict"], first["serves"]) == ("deployed", True)
    assert re.search(r"^\* *" + first["id"], said, re.MULTILINE)
    assert reader.answer().startswith("Hello")

    said = reader.types("Change it")
    assert re.findall(r"^    (\S+: .* -> .*)$", said, re.MULTILINE) == [
        "containerDefinitions.app.environment.GREETING: Hello -> Good day"
    ], said
    assert reader.answer().startswith("Good day")

    said = reader.types("Break it")
    assert "RuntimeError: broken" in said
    assert len(reader.history()) == 2
    assert reader.answer().startswith("Good day")

    reader.types("Go back")
    assert reader.answer().startswith("Hello")

    reader.types("A second environment, and promotion")
    (there,), here = reader.history("demo"), reader.history()
    assert there["image"] == next(each["image"] for each in here if each["serves"])
    assert reader.answer("demo").startswith("Good day")

    reader.types("Tidy up")
    gone = reader.clone.invoke("open", "--env=demo", "--service=orders")
    assert "it was not deployed there" in gone.err, gone.said
    assert reader.answer().startswith("Hello")
    assert BLOCKS == {}
