"""The record of the last apply: written, read back, taken back."""

from __future__ import annotations

from slipway.aws import Aws
from slipway.infra import applied, locks
from slipway.infra.stacks import Stack, platform_stack, service_stack
from slipway.paths import Checkout

from .conftest import BUCKET, service, settings


def _stack(checkout: Checkout, image: str = "r@sha256:1") -> Stack:
    return service_stack(settings(), service(), image, checkout)


def test_records_lie_by_environment_stack_and_service(checkout: Checkout) -> None:
    """Each stack has a record of its own."""
    assert applied.key(locks.place(_stack(checkout))) == "applied/dev/service/greeter.json"
    assert (
        applied.key(locks.place(platform_stack(settings(), checkout)))
        == "applied/dev/platform.json"
    )


def test_what_is_noted_is_read(place: Aws, checkout: Checkout) -> None:
    """Hash, image, serial, outputs come back; who and when are known."""
    stack = _stack(checkout)
    noted = applied.note(stack, place, inputs_hash="h", serial=3, outputs={"url": "http://x"})
    assert applied.read(stack, place) == noted
    assert (noted.inputs_hash, noted.image, noted.serial) == ("h", "r@sha256:1", 3)
    assert noted.by
    assert noted.at


def test_no_bucket_or_record_is_no_record(aws: Aws, checkout: Checkout) -> None:
    """Before the first apply there is none, and no error either."""
    assert applied.read(_stack(checkout), aws) is None


def test_a_record_that_cannot_be_read_is_none(place: Aws, checkout: Checkout) -> None:
    """After somebody edited it, or a newer version wrote it, Terraform simply runs."""
    stack = _stack(checkout)
    for body in (b"{", b"[]", b'{"unknown": 1}'):
        place.s3.put_object(Bucket=BUCKET, Key=applied.key(locks.place(stack)), Body=body)
        assert applied.read(stack, place) is None


def test_taken_back_it_keeps_the_image(place: Aws, checkout: Checkout) -> None:
    """While an apply is under way no hash fits, but the template's image stays known."""
    stack = _stack(checkout)
    record = applied.note(stack, place, inputs_hash="h", serial=3, outputs={})
    applied.take_back(stack, place, record)
    found = applied.read(stack, place)
    assert found
    assert (found.inputs_hash, found.image) == ("", "r@sha256:1")


def test_the_template_keeps_its_first_image(place: Aws, checkout: Checkout) -> None:
    """The first apply gets the deploy's image; later ones the image that the template has."""
    first = _stack(checkout)
    assert applied.with_template_image(first, None) is first
    record = applied.note(first, place, inputs_hash="h", serial=1, outputs={})
    later = applied.with_template_image(_stack(checkout, "r@sha256:2"), record)
    assert later.variables["image"] == "r@sha256:1"


def test_a_stack_without_image_gets_none(checkout: Checkout) -> None:
    """The platform's variables are left as they are."""
    stack = platform_stack(settings(), checkout)
    assert applied.with_template_image(stack, applied.Applied(inputs_hash="h", image="i")) is stack


def test_forgotten_it_is_gone(place: Aws, checkout: Checkout) -> None:
    """After a destroy nothing is left; forgetting twice is fine."""
    stack = _stack(checkout)
    applied.note(stack, place, inputs_hash="h", serial=1, outputs={})
    applied.forget(locks.place(stack), place)
    applied.forget(locks.place(stack), place)
    assert applied.read(stack, place) is None
