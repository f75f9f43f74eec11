"""Every verdict is reached in a test: decided, written down, and for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.model import Verdict

TESTS = Path(__file__).parents[1]

REACHED: dict[Verdict, tuple[str, ...]] = {
    Verdict.DEPLOYED: (
        "unit/rollout/test_rolling.py::test_a_deploy_updates_the_service_once",
        "unit/rollout/test_codedeploy.py::test_a_deploy_creates_one_deployment",
        "unit/rollout/test_once.py::test_in_bad_weather_there_is_one_update_and_no_false_verdict",
        "e2e/test_flow.py::test_the_first_deploy_ends_with_a_url_that_answers",
        "e2e/test_strategies.py::test_a_change_takes_over_without_a_failed_request",
        "e2e/test_releases.py::test_a_deploy_in_bad_weather",
        "e2e/test_strategies_back.py::test_a_shift_in_bad_weather",
    ),
    Verdict.UNCHANGED: (
        "unit/rollout/test_rolling.py::test_the_same_content_is_unchanged",
        "unit/rollout/test_codedeploy.py::test_the_same_content_is_unchanged",
        "e2e/test_flow.py::test_a_second_deploy_is_unchanged",
        "e2e/test_strategies.py::test_the_same_again_is_unchanged",
    ),
    Verdict.FAILED: (
        "unit/rollout/test_rolling.py::test_a_crash_loop_whose_way_back_fails_is_failed",
        "unit/release/test_aside.py::test_others_go_on_without_the_one_that_failed",
        "e2e/test_many_services.py::test_one_that_fails_holds_up_no_other",
    ),
    Verdict.ROLLED_BACK: (
        "unit/rollout/test_rolling.py::test_a_breaker_rollback_is_rolled_back",
        "unit/release/test_recover.py::test_a_service_that_does_not_serve_is_taken_back",
        "unit/release/test_resume.py::test_an_interrupted_bake_time_begins_anew",
        "e2e/test_flow.py::test_what_breaks_in_ecs_is_rolled_back_and_explained",
        "e2e/test_strategies.py::test_an_alarm_during_the_shift_takes_it_back",
    ),
    Verdict.TIMED_OUT: (
        "unit/rollout/test_rolling.py::test_the_time_being_up_is_a_verdict",
        "unit/release/test_resume.py::test_it_watches_verifies_and_completes_the_release",
        "e2e/test_releases.py::test_a_rollout_out_of_time_is_resumed",
    ),
    Verdict.SUPERSEDED: (
        "unit/rollout/test_decide.py::test_decide",
        "unit/rollout/test_shifting.py::test_decide",
        "e2e/test_releases.py::test_somebody_elses_deployment_wins",
    ),
    Verdict.SKIPPED: (
        "unit/release/test_aside.py::test_what_needs_a_bad_one_is_skipped",
        "e2e/test_many_services.py::test_one_that_fails_holds_up_no_other",
    ),
    Verdict.INTERRUPTED: (
        "unit/release/test_interrupts.py::test_a_first_signal",
        "e2e/test_flow.py::test_a_signal_during_the_rollout_goes_back",
        "e2e/test_releases.py::test_a_signal_during_the_infrastructure",
        "e2e/test_strategies.py::test_a_signal_during_the_shift_takes_it_back",
    ),
}
"""Exit codes of them all: unit/cli/test_deploy.py::test_the_exit_code_of_each_verdict."""


@pytest.mark.parametrize("verdict", Verdict, ids=lambda verdict: verdict.label)
def test_it_is_reached(verdict: Verdict) -> None:
    """In a quick test and in one against the embedded AWS; both are there."""
    places = REACHED[verdict]
    assert {place.partition("/")[0] for place in places} == {"unit", "e2e"}
    for place in places:
        file, _, name = place.partition("::")
        assert f"\ndef {name}(" in (TESTS / file).read_text(), place
