"""`invoke deploy` against a plain script that does the same by hand: seconds and their ratio.

Each has a checkout and an embedded AWS of its own, and they take turns: first deploy, the same
again, a code change. Docker's layer cache is warm for both, so that the difference is the tools'.
Takes about ten minutes; ends what it starts.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess  # noqa: TID251
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from slipway import tools
from slipway.config import load
from slipway.infra.stacks import service_variable
from slipway.paths import Checkout
from slipway.runner import SubprocessRunner
from tests.e2e.checkout import Clone, free_port, make_clone

HERE = Path(__file__).parent
ROUNDS = 3
"""Rounds of the quick ones; a first deploy is measured once."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = (make_clone(Path(folder, name), free_port()) for name in ("ours", "plain"))
        try:
            for clone in (ours, plain):
                ready(clone, "setup")
            ready(plain, "local.up")
            prepare(plain)
            compare(ours, plain)
        finally:
            for clone in (ours, plain):
                clone.invoke("local.reset", "--yes")


def compare(ours: Clone, plain: Clone) -> None:
    """Measure in turns and print a line for each kind of deploy."""
    show("first deploy", [by_task(ours)], [by_hand(plain)])
    pairs = [(by_task(ours), by_hand(plain)) for _ in range(ROUNDS)]
    show("no change", [a for a, _ in pairs], [b for _, b in pairs])
    changed = []
    for number in range(ROUNDS):
        for clone in (ours, plain):
            clone.edit("services/greeter/src/greeter/api.py", r"\Z", f"\n# change {number}\n")
        changed.append((by_task(ours), by_hand(plain)))
    show("code change", [a for a, _ in changed], [b for _, b in changed])


def show(kind: str, ours: Sequence[float], plain: Sequence[float]) -> None:
    """One line: medians in seconds, and how many times longer the script takes."""
    here, there = statistics.median(ours), statistics.median(plain)
    print(f"{kind}: {here:.1f} s invoke deploy, {there:.1f} s by hand, ratio {there / here:.2f}")


def by_task(clone: Clone) -> float:
    """Seconds of `invoke deploy`."""
    return ready(clone, "deploy", "--env=local")


def by_hand(clone: Clone) -> float:
    """Seconds of the script."""
    began = time.monotonic()
    script = [str(HERE / "by_hand.sh"), str(clone.root), str(clone.port)]
    done = subprocess.run(script, env=by_hand_env(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"by_hand.sh failed:\n{done.stdout}{done.stderr}")
    return time.monotonic() - began


def by_hand_env() -> dict[str, str]:
    """The same tools that the engine uses, so that only the way differs."""
    runner, checkout = SubprocessRunner(), Checkout(HERE.parent)
    named = {
        **os.environ,
        **tools.child_env(),
        "DOCKER_CLI": str(tools.docker_cli(runner).path),
        "TERRAFORM": str(tools.terraform(checkout, runner)),
        "TF_CLI_CONFIG_FILE": str(tools.cli_config_path(checkout)),
        "AWS_CLI": f"{tools.uv()} tool run -q --from awscli aws",
    }
    return {name: value for name, value in named.items() if value is not None}


def prepare(clone: Clone) -> None:
    """Write down for the script what the engine works out from service.toml."""
    service = load(Checkout(clone.root), "local", ["greeter"]).services["greeter"]
    folder = clone.root / ".slipway" / "by_hand"
    folder.mkdir(parents=True)
    text = json.dumps({"service": service_variable(service)})
    (folder / "service.tfvars.json").write_text(text)


def ready(clone: Clone, *words: str) -> float:
    """Seconds of an `invoke` that has to succeed."""
    ran = clone.invoke(*words)
    if ran.code:
        sys.exit(f"invoke {' '.join(words)} failed:\n{ran.said}")
    return ran.seconds


if __name__ == "__main__":
    main()
