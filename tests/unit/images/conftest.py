"""What every test of images starts from."""

from __future__ import annotations

import pytest

from slipway.images.plan import ImagePlan
from tests.unit.images.samples import make_plan


@pytest.fixture
def plan() -> ImagePlan:
    return make_plan()
