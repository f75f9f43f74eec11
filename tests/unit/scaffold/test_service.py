"""`invoke new`: plan and apply."""

from __future__ import annotations

import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.config import load
from slipway.errors import ConfigError, UsageError
from slipway.paths import Checkout
from slipway.scaffold import record, service, template
from slipway.scaffold.answers import Around, Options
from slipway.scaffold.routes import Taken
from slipway.scaffold.service import plan

# The template's own hook is a program of its own.
pytestmark = pytest.mark.tools

REAL = Checkout(Path(__file__).parents[3])

GREETER = Taken(service="greeter", path="/greeter", host="", priority=100)
AROUND = Around(
    folders=frozenset({"greeter"}),
    routes=(GREETER,),
    packages=frozenset({"fastapi"}),
    environments=("local", "local-eu"),
    asked=template.questions(REAL.template),
)

PROJECT = """
[project]
name = "shop"
region = "us-west-1"

[environments.local]
target = "embedded"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with the real template and the sample service's manifest."""
    (tmp_path / "slipway.toml").write_text(PROJECT)
    checkout = Checkout(tmp_path)
    shutil.copytree(REAL.template, checkout.template)
    (checkout.services / "greeter").mkdir(parents=True)
    shutil.copy(REAL.services / "greeter" / "service.toml", checkout.services / "greeter")
    return checkout


def make(checkout: Checkout, name: str) -> service.NewService:
    """What the task does."""
    with service.alone(checkout):
        chosen = plan(Options(name=name), service.look(checkout))
        service.apply(chosen, checkout)
    return chosen


def test_everything_follows_from_the_name() -> None:
    """A name is enough."""
    new = plan(Options(name="payments"), AROUND)
    assert (new.route, new.priority, new.python) == ("/payments", 110, "3.13")
    assert new.description == "The payments service"


def test_a_closing_period_of_the_description_is_ours() -> None:
    """The docstring adds its own."""
    new = plan(Options(name="payments", description="Takes money. "), AROUND)
    assert new.description == "Takes money"


def test_all_problems_at_once() -> None:
    """One error lists every flag that is off."""
    options = Options(name="greeter", description='say "hi"', route="/greeter")
    with pytest.raises(UsageError) as error:
        plan(options, AROUND)
    assert error.value.message.splitlines() == [
        "--name=greeter: services/greeter is there already",
        '--description=\'say "hi"\': must be one line without " \\ { } `',
        "--route=/greeter: /greeter goes to greeter already",
    ]


@pytest.mark.parametrize("route", ["shop", "/shop/", "/sh op", "//", "/shop*", "/" + "a" * 126])
def test_routes_that_no_load_balancer_takes(route: str) -> None:
    """The route must be a plain path."""
    with pytest.raises(UsageError, match=r"must be a path as /orders"):
        plan(Options(name="shop", route=route), AROUND)


@pytest.mark.parametrize(
    "description", ["a\nb", "{{ 7 * 7 }}", "`rm`", "back\\slash", "x" * 81, " . "]
)
def test_descriptions_that_would_break_a_file(description: str) -> None:
    """It goes into TOML, Python and Markdown unchanged."""
    with pytest.raises(UsageError, match="--description"):
        plan(Options(name="shop", description=description), AROUND)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (Options(name="a-job", kind="job", auth="jwt"), "--auth=jwt: a job takes no requests"),
        (Options(name="a-job", kind="job", route="/a"), "--route=/a: a job takes no requests"),
        (Options(name="web", schedule="rate(1 hour)"), "--schedule='rate(1 hour)': only a job has"),
        (Options(name="a-job", kind="job", schedule="rate(0 hours)"), "must be as rate(1 hour) or"),
        (Options(name="a-job", kind="job", schedule="cron(0 3 * * ?)"), "or none: run by hand"),
        (Options(name="a-job", kind="job", schedule="cron(0 3 * * * *)"), "must be ?"),
    ],
)
def test_what_does_not_go_together(options: Options, reason: str) -> None:
    """Each kind of service has questions of its own."""
    with pytest.raises(UsageError, match=re.escape(reason)):
        plan(options, AROUND)


def test_a_name_that_another_environment_makes_of_two() -> None:
    """`eu-greeter` in `local` would be called as `greeter` in `local-eu`."""
    with pytest.raises(UsageError, match=r"not apart from another service.*\(local-eu-greeter\)"):
        plan(Options(name="eu-greeter"), AROUND)


def test_jobs_have_schedules_and_no_route() -> None:
    """Every hour if nothing is said; `none` is written for a job that only a person starts."""
    hourly = plan(Options(name="a-job", kind="job"), AROUND)
    assert (hourly.schedule, hourly.route, hourly.priority) == ("rate(1 hour)", "", 0)
    by_hand = plan(Options(name="a-job", kind="job", schedule="none"), AROUND)
    assert by_hand.schedule == ""
    first, *_, last = service.story(by_hand, made=True)
    assert first == "made services/a-job: Python 3.13, a job, run by hand"
    assert last.endswith("jobs.run --env=local --service=a-job")


def test_where_it_came_from_is_kept(checkout: Checkout) -> None:
    """The template's version and every answer, so that an update can ask for the same again."""
    new = plan(Options(name="shop", database="postgres"), service.look(checkout))
    origin = record.read(service.apply(new, checkout, "a" * 40))
    assert origin
    assert origin.tree == "a" * 40
    assert origin.answers == new.values
    assert origin.answers.keys() == template.questions(REAL.template).keys()


def test_no_priority_left() -> None:
    """Where nothing fits between the routes around it, the error says so."""
    everything = replace(GREETER, path="/", priority=1)
    with pytest.raises(UsageError, match="no priority is left"):
        plan(Options(name="shop"), replace(AROUND, routes=(everything,)))


def test_makes_a_service_that_the_configuration_accepts(checkout: Checkout) -> None:
    """The new manifest is valid beside the others, with a route of its own."""
    make(checkout, "order-items")
    new = load(checkout, "local").services["order-items"]
    assert (new.route.path, new.route.priority, new.python) == ("/order-items", 110, "3.13")
    assert (new.folder / "src" / "order_items" / "app.py").is_file()


def test_the_other_python(checkout: Checkout) -> None:
    """The choice reaches manifest and Dockerfile."""
    folder = service.apply(plan(Options(name="old", python="3.11"), AROUND), checkout)
    assert load(checkout, "local").services["old"].python == "3.11"
    dockerfile = (folder / "Dockerfile").read_text()
    assert dockerfile.startswith("ARG PYTHON_VERSION=3.11\nARG DEBIAN=bookworm\n")


def test_twice_is_refused(checkout: Checkout) -> None:
    """An existing folder is never touched."""
    make(checkout, "payments")
    with pytest.raises(UsageError, match="is there already"):
        make(checkout, "payments")


def test_two_at_once_get_routes_of_their_own(checkout: Checkout) -> None:
    """The second waits for the first instead of choosing the same priority."""
    names = ["one", "two", "three"]
    threads = [threading.Thread(target=make, args=(checkout, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    services = load(checkout, "local").services
    assert sorted(services[name].route.priority for name in names) == [110, 120, 130]


def test_interrupted_it_leaves_nothing(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while files are written leaves no half of a service."""

    def interrupted(template: Path, values: object, into: Path) -> Path:
        (into / "payments").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(template, "render", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make(checkout, "payments")
    assert [path.name for path in checkout.services.iterdir()] == ["greeter"]
    assert list((checkout.work / "new").iterdir()) == []


def test_leftovers_of_a_killed_run_go(checkout: Checkout) -> None:
    """What kill -9 left behind is removed by the next run."""
    leftover = checkout.work / "new" / "tmp123"
    leftover.mkdir(parents=True)
    make(checkout, "payments")
    assert not leftover.exists()


def test_nothing_is_written_at_home(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither the user's cookiecutter settings nor its replay files play a part."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    make(checkout, "payments")
    assert list(home.iterdir()) == []


def test_a_checkout_without_template(checkout: Checkout) -> None:
    """The error says how to get it back."""
    shutil.rmtree(checkout.template)
    with pytest.raises(ConfigError) as error:
        service.look(checkout)
    assert error.value.next_step == "git checkout -- templates/service"


def test_story_ends_with_commands(checkout: Checkout) -> None:
    """The user can copy what comes next."""
    new = plan(Options(name="payments"), AROUND)
    assert service.story(new, made=True)[-3:] == [
        "  uv run --directory services/payments pytest",
        "  uv run invoke dev --service=payments",
        "  uv run invoke deploy --env=local --service=payments",
    ]
    assert service.story(new, made=False)[0].startswith("would make services/payments: ")
