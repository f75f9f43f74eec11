"""Asking the service itself whether it serves what we released."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.release.verify import Answer, verify

RIGHT = Answer(status=200, version="new", text="")
OLD = Answer(status=200, version="old", text="")
BROKEN = Answer(status=503, version="", text="no healthy targets")
SILENT = Answer(status=0, version="", text="no answer: refused")


def run(*answers: Answer, patience: float = 60) -> tuple[str, int]:
    """(problem, questions asked); the last answer is repeated for ever."""
    asked: list[str] = []

    def script() -> Iterator[Answer]:
        yield from answers
        while True:
            yield answers[-1]

    lines = script()

    def get(url: str) -> Answer:
        asked.append(url)
        return next(lines)

    return verify("http://x/health", "new", patience=patience, get=get, pause=lambda _: None), len(
        asked
    )


def test_three_right_answers_in_a_row() -> None:
    """One right answer may come from the only good task."""
    assert run(RIGHT) == ("", 3)


def test_a_wrong_answer_between_starts_the_count_again() -> None:
    """Right answers have to follow each other."""
    assert run(RIGHT, RIGHT, BROKEN, RIGHT) == ("", 6)


def test_the_old_version_is_not_what_we_released() -> None:
    """A healthy service of another version is a problem that is named."""
    problem, _ = run(OLD, patience=0)
    assert problem == "it serves version old instead of new"


def test_no_answer_and_errors_are_told() -> None:
    """What came instead of an answer is what the user needs."""
    assert run(SILENT, patience=0)[0] == "no answer: refused"
    assert run(BROKEN, patience=0)[0] == "503 no healthy targets"


def test_a_service_without_version_is_taken_at_its_status() -> None:
    """A health endpoint of the user's own need not know Slipway's versions."""
    assert run(Answer(status=200, version="", text="ok")) == ("", 3)
