"""Errors as problem details (RFC 9457), each with the id to look for in the logs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from catalog import correlation

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What an error looks like on the wire; `errors` name the places of input that is wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
    errors: list[dict[str, Any]] | None = None


RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Any error",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
}
"""For the API's description."""


def answer(
    status: int,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> JSONResponse:
    """A response that tells a problem; what is None is left out."""
    ids = correlation.current.get()
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=ids.request_id if ids else None,
        errors=errors,
    )
    content = problem.model_dump(exclude_none=True)
    return JSONResponse(content, status_code=status, headers=headers, media_type=MEDIA_TYPE)


async def _http(_: Request, error: HTTPException) -> JSONResponse:
    title = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != title else None
    return answer(error.status_code, detail, error.headers)


async def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
    # Not the input itself: it may hold what nobody else should see.
    errors = [{key: each[key] for key in ("loc", "msg", "type")} for each in error.errors()]
    return answer(422, "the request is not valid", errors=errors)


Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

HANDLERS: dict[int | type[Exception], Handler] = {
    HTTPException: _http,
    RequestValidationError: _validation,
}
