"""AWS's wording, which diagnoses depend on."""

from __future__ import annotations

import pytest

from embedded_aws.ecs import words

IMAGE = "127.0.0.1:4566/shop/app@sha256:00"


def test_events() -> None:
    """Task ids, counts and target groups stand where AWS puts them."""
    arns = ["arn:aws:ecs:r:1:task/c/aa", "arn:aws:ecs:r:1:task/c/bb"]
    assert words.started(arns) == "has started 2 tasks: (task aa) (task bb)."
    assert words.stopped(arns[:1]) == "has stopped 1 running tasks: (task aa)."
    assert words.unhealthy_event(8000, "arn:tg", "Request timed out") == (
        "(port 8000) is unhealthy in (target-group arn:tg) due to (reason Request timed out)."
    )


def test_a_missing_image() -> None:
    """The engine's words become AWS's, naming the image."""
    said = "CannotPullContainerError: 404 Client Error: manifest unknown"
    assert words.start_failure(said, IMAGE) == (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
        f"failed to resolve ref {IMAGE}: {IMAGE}: not found"
    )


def test_a_registry_that_does_not_answer() -> None:
    """Other reasons for a failed pull keep the engine's detail."""
    said = "CannotPullContainerError: connection refused"
    assert words.start_failure(said, IMAGE) == said


def test_a_command_that_does_not_exist() -> None:
    """What the engine refuses to start is AWS's CannotStartContainerError."""
    said = f'{words.START_PREFIX}OCI runtime create failed: exec: "x": executable file not found'
    assert words.start_failure(said, IMAGE).startswith("CannotStartContainerError: OCI runtime")


def test_a_missing_secret() -> None:
    """Already AWS's wording, and left alone."""
    said = "ResourceInitializationError: unable to pull secrets or registry auth: gone"
    assert words.start_failure(said, IMAGE) == said


SECRET = "arn:aws:secretsmanager:us-west-1:000000000000:secret:shop/API_KEY-a1b2c3"


@pytest.mark.parametrize(
    ("theirs", "ends"),
    [
        (f"secret {SECRET}", f"failed to fetch secret {SECRET} from secrets manager: {words.GONE}"),
        (f"json key 'port' from secret {SECRET}:port::", "did not contain json key port"),
        ("secret /shop/flags", "from ssm: service call has been retried 1 time(s): invalid ssm "
         "parameters: /shop/flags"),
        ("secret arn:aws:ssm:us-west-1:1:parameter/shop/flags", "parameters: /shop/flags"),
    ],
)  # fmt: skip
def test_a_secret_that_can_not_be_had(theirs: str, ends: str) -> None:
    """It is named as AWS names it, and whether it is gone or lacks the key is told apart."""
    wanted = words.wanted_secret(f"unable to retrieve {theirs} for environment variable KEY")
    assert words.secret_failure(wanted, words.GONE).endswith(ends)
