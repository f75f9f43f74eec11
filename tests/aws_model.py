"""AWS's own models (as botocore has them) as the judge of what a service of ours answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.model import ServiceModel, Shape
from botocore.session import get_session
from botocore.validate import validate_parameters

from embedded_aws.json_api import Handler, answer

TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "double": (int, float),
    "float": (int, float),
    "integer": (int,),
    "long": (int,),
    "string": (str,),
    # Numbers: the Go SDK refuses timestamps of this protocol that are text.
    "timestamp": (int, float),
}


class ApiFailure(Exception):
    """An error that a service answered; `code` is one that the model names for the operation."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@cache
def model(service: str) -> ServiceModel:
    return get_session().get_service_model(service)


def call(service: str, handlers: Mapping[str, Handler], operation: str, /, **given: Any) -> Any:
    """Call an operation as a client would; request, response and errors must fit AWS's model."""
    described = model(service).operation_model(operation)
    assert described.input_shape is not None
    validate_parameters(given, described.input_shape)
    return raw_call(service, handlers, operation, **given)


def raw_call(service: str, handlers: Mapping[str, Handler], operation: str, /, **given: Any) -> Any:
    """Call an operation with what no careful client would send."""
    described = model(service).operation_model(operation)
    body = json.dumps(given).encode()
    status, _, text = answer(handlers, f"Prefix.{operation}", body)
    value = json.loads(text)
    if status != 200:
        known = {shape.name for shape in described.error_shapes} | {"ValidationException"}
        assert value["__type"] in known, f"{operation} can't answer {value['__type']}"
        raise ApiFailure(value["__type"], value["message"])
    if described.output_shape is None:
        assert value == {}
    else:
        conforms(described.output_shape, value, operation)
    return value


def conforms(shape: Shape, value: Any, where: str) -> None:
    """Assert that `value` is what the model says, without members that it doesn't know."""
    if shape.type_name == "structure":
        members = shape.members  # type: ignore[attr-defined]
        assert isinstance(value, dict), where
        assert set(value) <= set(members), f"{where}: {set(value) - set(members)}"
        assert set(shape.required_members) <= set(value), where
        for name, inner in value.items():
            conforms(members[name], inner, f"{where}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), where
        for index, inner in enumerate(value):
            conforms(shape.member, inner, f"{where}[{index}]")  # type: ignore[attr-defined]
    elif shape.type_name == "map":
        assert isinstance(value, dict), where
    else:
        assert isinstance(value, TYPES[shape.type_name]), f"{where}: {value!r}"
        allowed = getattr(shape, "enum", None)
        assert not allowed or value in allowed, f"{where}: {value!r}"
