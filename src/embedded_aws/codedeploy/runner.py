"""The thread of CodeDeploy: looks at each service with task sets and each deployment."""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING

from ministack import app
from ministack.core.responses import request_scope
from ministack.services import ecs

from embedded_aws.codedeploy import progress
from embedded_aws.codedeploy.clock import MINUTE
from embedded_aws.codedeploy.rollout import Rollout
from embedded_aws.codedeploy.sets import TaskSets, deploys
from embedded_aws.json_api import Record

if TYPE_CHECKING:
    from embedded_aws.codedeploy.store import Store

log = logging.getLogger("embedded.codedeploy")

TICK = min(0.5, MINUTE / 4)
"""Seconds between two looks, if nothing wakes it before."""


class Runner:
    """Runs all deployments, one step after the other, on one thread."""

    def __init__(self, sets: TaskSets) -> None:
        self._sets = sets
        self._store: Store | None = None
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True, name="embedded-codedeploy")

    def start(self, store: Store) -> None:
        self._store = store
        self._thread.start()

    def close(self) -> None:
        """Change nothing any more."""
        self._closed.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def wake(self) -> None:
        """Look again soon: something changed."""
        self._wake.set()

    def _loop(self) -> None:
        while not self._closed.is_set():
            self._wake.wait(TICK)
            self._wake.clear()
            try:
                self._look_at_services()
                self._look_at_deployments()
            except Exception:
                log.exception("CodeDeploy stumbled")

    def _look_at_services(self) -> None:
        for (account, region, key), service in ecs._services.all_items():
            if deploys(service) and service.get("status") in ("ACTIVE", "DRAINING"):
                with request_scope(account, region):
                    self._sets.look_at(key, service)

    def _look_at_deployments(self) -> None:
        store = self._store
        if store is None or self._closed.is_set():
            return
        for (account, region, _), deployment in store.deployments.all_items():  # type: ignore[attr-defined]
            if progress.is_running(deployment):
                with request_scope(account, region):
                    self._advance(store, deployment)

    def _advance(self, store: Store, deployment: Record) -> None:
        try:
            Rollout(store, deployment, call_function).advance()
        except Exception:
            log.exception("deployment %s stumbled", deployment["deploymentId"])


def call_function(name: str, event: Record) -> str:
    """Call a Lambda function without waiting for it; why that can't be done, or nothing."""
    handler = app.SERVICE_HANDLERS.get("lambda")
    if handler is None:
        return f"the hook {name} can't be called: start the embedded AWS with EMBEDDED_AWS_LAMBDA=1"
    status, _, body = app.call_service_handler_sync(
        handler,
        "POST",
        f"/2015-03-31/functions/{name}/invocations",
        {"x-amz-invocation-type": "Event", "content-type": "application/json"},
        json.dumps(event).encode(),
        {},
    )
    return "" if status < 300 else f"the hook {name} can't be called: {body!r}"
