"""From files to settings, or to every problem at once: the cases of tests/cases/config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from slipway.config import Address, Service, effective, load, load_local
from slipway.errors import ConfigError, UsageError
from slipway.paths import Checkout
from tests.cases_files import cases

MakeCheckout = Callable[[Mapping[str, str]], Checkout]


@pytest.mark.parametrize("case", cases("config/errors"))
def test_what_is_wrong_is_listed_in_full(case: Any, checkout: MakeCheckout) -> None:
    """A configuration error has one line for each problem: file, key, reason, nearest key."""
    place, environ = checkout(case["files"]), case.get("environ", {})
    with pytest.raises(ConfigError) as caught:
        load(place, case.get("environment", "local"), environ=environ)
    assert caught.value.message.splitlines() == case["error"], case["says"]


@pytest.mark.parametrize("case", cases("config/merge"))
def test_the_strongest_layer_wins(case: Any, checkout: MakeCheckout) -> None:
    """Each setting has the value of the strongest layer that sets it, and remembers which."""
    place, environ = checkout(case["files"]), case.get("environ", {})
    settings = load(place, case.get("environment", "local"), environ=environ)
    found = {one.key: [one.value, one.origin] for one in effective(settings)}
    wanted = case["settings"]
    assert {key: found.get(key) for key in wanted} == wanted, case["says"]


def test_settings_of_a_service(checkout: MakeCheckout, tmp_path: Path) -> None:
    """A service has its name, its folder, and the defaults for all that nobody set."""
    service = load(checkout({}), "local").services["orders"]
    assert isinstance(service, Service)
    assert (service.name, service.folder) == ("orders", tmp_path / "services" / "orders")
    assert (service.cpu, service.memory, service.health.interval) == (256, 512, 30)
    assert (service.route.path, service.route.priority, service.env) == ("/orders", 10, {})


def test_lists_are_tuples(checkout: MakeCheckout) -> None:
    """Settings can't be changed by accident: lists of the files are tuples in them."""
    text = 'name = "orders"\nroute = { priority = 1 }\nsecrets = ["A", "B"]'
    service = load(checkout({"services/orders/service.toml": text}), "local").services["orders"]
    assert (service.secrets, service.database.migrate) == (("A", "B"), ())


def test_settings_are_about_one_environment(checkout: MakeCheckout) -> None:
    """The chosen environment is there by itself, and all of them by name."""
    settings = load(checkout({}), "prod")
    assert settings.environment == settings.environments["prod"]
    assert settings.environment.protected
    assert list(settings.environments) == ["local", "staging", "prod"]


def test_only_the_chosen_services_are_loaded(checkout: MakeCheckout) -> None:
    """Named services come in the order given, once; the names of all are there still."""
    users = 'name = "users"\nroute = { path = "/users", priority = 20 }'
    place = checkout({"services/users/service.toml": users})
    settings = load(place, "local", ["users", "users"])
    assert list(settings.services) == ["users"]
    assert settings.all_services == ("orders", "users")
    assert not any(key.startswith("services.orders") for key in settings.provenance)


def test_addresses_of_services_that_are_needed(checkout: MakeCheckout) -> None:
    """Port and path as they are in the environment; who is needed knows it, chosen or not."""
    users = """
name = "users"
route = { path = "/users", priority = 20 }
needs = ["orders"]
[environments.prod]
needs = []
"""
    orders = """
name = "orders"
route = { path = "/orders", priority = 10 }
[environments.staging]
port = 9000
"""
    files = {"services/users/service.toml": users, "services/orders/service.toml": orders}
    place = checkout(files)
    assert load(place, "local", ["users"]).services["users"].calls == {
        "orders": Address(port=8000, path="/orders")
    }
    assert load(place, "staging").services["users"].calls["orders"].port == 9000
    assert load(place, "staging", ["orders"]).services["orders"].called
    assert not load(place, "staging").services["users"].called
    assert load(place, "prod").services["users"].calls == {}
    assert not load(place, "prod").services["orders"].called


def test_every_setting_knows_where_it_came_from(checkout: MakeCheckout) -> None:
    """There is an origin for each leaf of the effective settings but a service's folder."""
    settings = load(checkout({}), "local")
    listed = {one.key for one in effective(settings)}
    others = ("environments.staging.", "environments.prod.")
    assert listed == {key for key in settings.provenance if not key.startswith(others)}


def test_unknown_environment(checkout: MakeCheckout) -> None:
    """An environment that does not exist ends with the nearest one and the list of all."""
    with pytest.raises(UsageError) as caught:
        load(checkout({}), "stagin")
    assert caught.value.message == (
        "no environment called 'stagin' (did you mean staging?); there are: local, staging, prod"
    )
    assert caught.value.next_step == "pass --env=staging"


def test_unknown_service(checkout: MakeCheckout) -> None:
    """A service that does not exist ends with the list of all."""
    with pytest.raises(UsageError, match="no service called 'web'; there are: orders"):
        load(checkout({}), "local", ["web"])


def test_no_services_at_all(bare: MakeCheckout, checkout: MakeCheckout) -> None:
    """A checkout without a service says how to make one."""
    place = bare(
        {"slipway.toml": '[project]\nname = "shop"\n[environments.local]\ntarget="embedded"'}
    )
    with pytest.raises(ConfigError) as caught:
        load(place, "local")
    assert caught.value.message == "services: no service in it (uv run invoke new --name=NAME)"


def test_no_project_file(bare: MakeCheckout) -> None:
    """A checkout without slipway.toml is told so, in one line."""
    with pytest.raises(ConfigError) as caught:
        load(bare({"services/orders/service.toml": 'name = "orders"'}), "local")
    assert caught.value.message == "slipway.toml: there is no such file"


def test_a_file_that_is_no_text(checkout: MakeCheckout, tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are a problem of the file, not a traceback."""
    place = checkout({})
    (tmp_path / "services/orders/service.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(ConfigError, match=r"service.toml: is not UTF-8"):
        load(place, "local")


def test_a_folder_instead_of_a_file(checkout: MakeCheckout, tmp_path: Path) -> None:
    """A folder called service.toml is a problem of that place, not a traceback."""
    (tmp_path / "services" / "users" / "service.toml").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"services/users/service.toml: is a directory"):
        load(checkout({}), "local")


def test_hidden_folders_are_no_services(checkout: MakeCheckout, tmp_path: Path) -> None:
    """Caches and folders that begin with a dot or an underscore are not looked at."""
    for name in (".cache", "__pycache__"):
        (tmp_path / "services" / name).mkdir(parents=True)
    assert load(checkout({}), "local").all_services == ("orders",)


def test_local_by_itself(checkout: MakeCheckout) -> None:
    """What runs without a service does not fail over a service."""
    place = checkout({"services/orders/service.toml": "nonsense"})
    assert load_local(place, environ={}).port == 4566
    assert load_local(place, environ={"SLIPWAY_LOCAL_PORT": "4600"}).port == 4600


def test_local_by_itself_checks_the_project(checkout: MakeCheckout) -> None:
    """A wrong port is told by what needs the port alone, too."""
    with pytest.raises(ConfigError, match=r"slipway.toml: local.port: must be"):
        load_local(checkout({"slipway.toml": "[local]\nport = 1"}), environ={})
