"""What has hurt users of other deploy tools, and the tests that keep it from happening here.

The table names tests and case files; it fails where one of them is gone or renamed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

ROLLOUT, RELEASE = "unit/rollout", "unit/release"
DECIDE, SHIFTING = "cases/rollout/decide", "cases/rollout/shifting"
FORWARD, BACKWARD = "cases/rollout/forward", "cases/rollout/backward"

PEERS: Mapping[str, tuple[str, ...]] = {
    "more than 100 tasks": (
        f"{ROLLOUT}/test_observe.py::test_more_than_a_hundred_tasks_are_all_seen",
        f"{ROLLOUT}/test_observe.py::test_more_than_ten_services_are_all_seen",
        f"{ROLLOUT}/test_codedeploy.py::test_looks_are_batched",
    ),
    "API throttling": (
        "unit/test_aws.py::test_a_throttled_call_is_tried_again",
        f"{ROLLOUT}/test_rolling.py::test_looks_are_batched_and_back_off",
    ),
    "another deployment overtakes ours": (
        f"{DECIDE}/superseded.toml",
        f"{DECIDE}/superseded_after_failure.toml",
        f"{DECIDE}/superseded_by_same_revision.toml",
        f"{DECIDE}/superseded_by_the_previous_revision.toml",
        f"{SHIFTING}/another_took_over.toml",
        f"{ROLLOUT}/test_codedeploy.py::test_a_deployment_that_comes_between_is_named",
    ),
    "desired count 0": (
        f"{DECIDE}/desired_zero.toml",
        f"{ROLLOUT}/test_rolling.py::test_a_service_that_is_switched_off_stays_off",
        f"{RELEASE}/test_proof.py::test_no_requests_are_noted_as_none",
    ),
    "two deployments for one deploy": (
        f"{ROLLOUT}/test_rolling.py::test_a_deploy_updates_the_service_once",
        f"{ROLLOUT}/test_rolling.py::test_a_deployment_under_way_is_attached_to",
        f"{ROLLOUT}/test_codedeploy.py::test_a_deploy_creates_one_deployment",
        f"{ROLLOUT}/test_codedeploy.py::test_a_lost_answer_begins_nothing_twice",
    ),
    "a circuit breaker's rollback called success": (
        f"{DECIDE}/breaker_rolled_back.toml",
        f"{DECIDE}/breaker_rolled_back_forgotten.toml",
        f"{DECIDE}/breaker_rolled_back_told_by_event.toml",
        f"{SHIFTING}/back_says_it_but_ours_serves.toml",
        f"{ROLLOUT}/test_rolling.py::test_a_breaker_rollback_is_rolled_back",
    ),
    "a cancelled canary leaves weights or tasks": (
        f"{SHIFTING}/weights_left_behind.toml",
        f"{SHIFTING}/returning_not_stopped_yet.toml",
        f"{BACKWARD}/leftover_tasks.toml",
        f"{ROLLOUT}/test_codedeploy.py::test_the_way_back_within_the_standby_is_a_stop",
    ),
    "the canary deleted before the traffic moved": (
        f"{SHIFTING}/all_moved_hook_pending.toml",
        f"{FORWARD}/under_way.toml",
        f"{ROLLOUT}/test_codedeploy.py::test_the_load_balancer_has_the_last_word",
        f"{ROLLOUT}/test_codedeploy.py::test_a_standby_is_ended_before_the_next_deployment",
    ),
    "tags, secrets, roles lost from a task definition": (
        f"{ROLLOUT}/test_taskdef.py::test_nothing_that_the_template_says_is_lost",
        f"{ROLLOUT}/test_taskdef.py::test_only_the_app_gets_the_image",
        f"{ROLLOUT}/test_oneoff.py::test_the_new_image_runs_on_the_services_network",
    ),
    "`--help` that acts": ("unit/cli/test_commandline.py::test_help_runs_nothing",),
    "cleaning one environment removes another's way back": (
        f"{RELEASE}/test_retention.py::test_old_releases_let_go",
        f"{RELEASE}/test_retention.py::test_the_last_tag_of_an_image_stays",
        f"{RELEASE}/test_wayback.py::test_an_image_that_the_registry_lost",
    ),
    "the first deployment ever": (
        f"{DECIDE}/first_deployment_failed.toml",
        f"{SHIFTING}/first_deployment_undone.toml",
        f"{ROLLOUT}/test_rolling.py::test_a_first_deployment_that_crashes_has_nothing_to_go_back_to",
        f"{ROLLOUT}/test_codedeploy.py::test_the_first_tasks_of_a_service_are_given_up_too",
        f"{RELEASE}/test_rollback.py::test_a_first_release_has_nothing_before_it",
        f"{RELEASE}/test_wayback.py::test_a_service_that_is_not_there_yet",
    ),
    "a rollback while CodeDeploy is stopping": (
        f"{SHIFTING}/stopping.toml",
        f"{BACKWARD}/being_undone.toml",
        f"{ROLLOUT}/test_codedeploy.py::test_a_way_back_that_is_under_way_is_watched",
        f"{ROLLOUT}/test_codedeploy.py::test_a_standby_that_ends_during_the_way_back",
    ),
    "a lock that outlives its holder": (
        f"{RELEASE}/test_lease.py::test_an_expired_lease_is_taken_over",
        f"{RELEASE}/test_lease.py::test_it_is_released_when_the_work_fails",
        f"{RELEASE}/test_lease.py::test_a_killed_process_of_this_machine_is_known_to_be_gone",
        f"{RELEASE}/test_lease.py::test_a_second_signal_gives_leases_back",
    ),
}


@pytest.mark.parametrize("bug", PEERS)
def test_it_has_its_tests(bug: str) -> None:
    """Each is there under its name."""
    missing = [each for each in PEERS[bug] if not there(each)]
    assert missing == []


def there(place: str) -> bool:
    """Whether a case file, or a test of a file, exists."""
    name, _, test = place.partition("::")
    file = TESTS / name
    if not test or not file.is_file():
        return file.is_file()
    return bool(re.search(rf"^def {test}\(", file.read_text(), re.M))


def test_what_is_not_there_is_missed() -> None:
    """The table would be worth nothing otherwise."""
    assert not there(f"{ROLLOUT}/test_rolling.py::test_nothing_of_the_kind")
    assert not there(f"{DECIDE}/nothing_of_the_kind.toml")
