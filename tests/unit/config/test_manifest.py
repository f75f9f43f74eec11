"""What settings say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from slipway import names
from slipway.config import load
from slipway.config.buckets import REPLICA
from slipway.config.variables import bucket_variable
from slipway.paths import Checkout
from tests.samples import make_service

MakeCheckout = Callable[[Mapping[str, str]], Checkout]


@pytest.mark.parametrize(
    ("strategy", "percent", "seconds"),
    [
        ("rolling", 10, 0),
        ("blue_green", 10, 0),
        ("canary", 10, 300),
        ("canary", 99, 300),
        ("linear", 10, 2700),
        ("linear", 33, 900),
        ("linear", 50, 300),
    ],
)
def test_how_long_requests_are_shifted(strategy: str, percent: int, seconds: int) -> None:
    """The wait comes between shifts: ten steps of 10 % have nine, 33 % needs a fourth step."""
    shift = {"percent": percent, "minutes": 5}
    deploy = make_service(deploy={"strategy": strategy, "timeout": 60, "shift": shift}).deploy
    assert (deploy.shifting, deploy.patience) == (seconds, 60 + seconds)


def test_variables_of_buckets() -> None:
    """A hyphen can't be in the name of a variable."""
    assert bucket_variable("user-uploads") == "BUCKET_USER_UPLOADS"


def test_names_of_buckets(checkout: MakeCheckout) -> None:
    """A bucket's name says whose it is, and is unique in S3 by the account in it."""
    settings = load(checkout({}), "prod")
    bucket, copy = (names.bucket(settings, "orders", "raw", replica=one) for one in (False, True))
    assert bucket == "shop-prod-orders-raw-123456789012"
    assert copy == f"{bucket}{REPLICA}"
