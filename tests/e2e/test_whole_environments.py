"""Every environment as it stands, on an embedded AWS of its own: made, the same again, destroyed.

Nothing is changed for it but the target, and that nobody waits for the bake time: the HCL, the
sizes and the health checks are the environment's own. Most of the time is the provider's waiting,
so run these side by side (`uv run nox -s environments`).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.checkout import Clone, free_port, get, make_clone

pytestmark = pytest.mark.e2e

ENVIRONMENTS = ("dev", "test", "staging", "prod")
PROTECTED = {"staging", "prod"}


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Clone, str]]:
    """A checkout in which the environment's target is the embedded AWS."""
    name = request.param
    clone = make_clone(tmp_path_factory.mktemp(name), free_port())
    clone.aim_here()
    try:
        yield clone, name
    finally:
        clone.invoke("local.reset", "--yes")


def test_the_whole_environment(place: tuple[Clone, str]) -> None:
    """Deployed, planned again without a difference, and destroyed where it may be."""
    clone, name = place
    assert clone.invoke("setup").code == 0
    first = clone.invoke("deploy", f"--env={name}", "--json", timeout=1200)
    assert first.code == 0, first.said
    outcome = first.json()["greeter"]
    assert outcome["verdict"] == "deployed"
    assert get(f"{outcome['url']}/health")["status"] == "ok"

    again = clone.invoke("deploy", f"--env={name}", "--refresh", "--dry-run")
    assert again.code == 0, again.said
    told = dict(line.split(": ", 1) for line in again.out.splitlines())
    assert {told[stack] for stack in ("registry", "platform", "greeter")} == {"unchanged"}, (
        again.out
    )

    if name in PROTECTED:
        refused = clone.invoke("destroy", f"--env={name}", f"--yes={name}")
        assert refused.code != 0
        assert "protected" in refused.err
        clone.unprotect(name)
        unprotected = clone.invoke("deploy", f"--env={name}", timeout=1200)
        assert unprotected.code == 0, unprotected.said

    gone = clone.invoke("destroy", f"--env={name}", f"--yes={name}", timeout=1200)
    assert gone.code == 0, gone.said
    again = clone.invoke("destroy", f"--env={name}", f"--yes={name}")
    assert "nothing to destroy" in again.said
