"""Everything that a deploy needs of this machine, in the order in which it is mended."""

from __future__ import annotations

from slipway.paths import Checkout
from slipway.runner import Runner
from slipway.setup import (
    basics,
    data_images,
    docker_cli,
    embedded,
    embedded_image,
    engine,
    images,
    provider,
    terraform,
    variables,
)
from slipway.setup.step import Step


def steps(checkout: Checkout, runner: Runner) -> list[Step]:
    """The steps of `setup` and `doctor`; later ones may need what earlier ones mend."""
    return [
        *basics.steps(runner),
        *variables.steps(),
        engine.step(checkout, runner),
        docker_cli.step(runner),
        terraform.step(checkout, runner),
        provider.step(checkout, runner),
        embedded.step(checkout, runner),
        images.step(checkout, runner),
        data_images.step(checkout, runner),
        embedded_image.step(checkout, runner),
        *basics.optional_steps(),
    ]
