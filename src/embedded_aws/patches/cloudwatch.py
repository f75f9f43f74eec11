"""CloudWatch: alarms as they were asked for, over every protocol, and judged as AWS does."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from embedded_aws.cloudwatch import alarms, wire
from embedded_aws.cloudwatch.expressions import Series, Unsupported
from embedded_aws.codedeploy.clock import MINUTE
from embedded_aws.patches import Symbols

log = logging.getLogger("embedded.cloudwatch")

PROTOCOL = ("params", "cbor_data", "is_cbor", "is_json")
HANDLERS: Mapping[str, str] = {
    "PutMetricAlarm": "_put_metric_alarm",
    "PutCompositeAlarm": "_put_composite_alarm",
    "SetAlarmState": "_set_alarm_state",
    "DescribeAlarms": "_describe_alarms",
    "GetMetricData": "_get_metric_data",
}

SYMBOLS: Symbols = {
    **{f"services.cloudwatch.{name}": PROTOCOL for name in HANDLERS.values()},
    "services.cloudwatch._alarms": None,
    "services.cloudwatch._calc_stats": ("points",),
    "services.cloudwatch._dims_from_list": ("dimensions",),
    "services.cloudwatch._dims_key": ("dims",),
    "services.cloudwatch._dispatch_alarm_actions": ("alarm", "old_state", "new_state", "reason"),
    "services.cloudwatch._evaluate_alarm": ("alarm",),
    "services.cloudwatch._evaluate_parent_alarms": ("child", "seen"),
    "services.cloudwatch._metric_bucket": ("key",),
    "services.cloudwatch._metrics": None,
    "services.cloudwatch._parse_ts": ("value",),
    "services.cloudwatch._record_history": (
        *("alarm_name", "old_state", "new_state", "reason", "alarm_type", "reason_data"),
    ),
    "services.cloudwatch._stat_value": ("stats", "stat_name", "points"),
    "services.cloudwatch._ts_iso": ("epoch",),
    "services.cloudwatch._xml": ("status", "root_tag", "inner"),
}

INTERVAL = 2.0
"""Seconds between two looks at all alarms."""

KEPT = max(MINUTE, INTERVAL)
"""Seconds that a state lasts that somebody set: AWS judges again at the next minute."""

_kept_until: dict[str, float] = {}
"""By ARN, on the monotonic clock."""

Handler = Callable[[Mapping[str, Any], Mapping[str, Any], bool, bool], Any]


def apply() -> None:
    """Patch the service."""
    from ministack.services import cloudwatch

    cloudwatch._put_metric_alarm = _keeping_all(cloudwatch._put_metric_alarm)
    cloudwatch._set_alarm_state = _keeping_state(cloudwatch._set_alarm_state)
    cloudwatch._get_metric_data = _with_expressions(cloudwatch._get_metric_data)
    for action, name in HANDLERS.items():
        setattr(cloudwatch, name, _over_json(action, getattr(cloudwatch, name)))
    cloudwatch._evaluate_alarm = evaluate


def _over_json(action: str, theirs: Handler) -> Handler:
    """Answer the query protocol by way of the JSON one, whose answers are complete."""
    from ministack.services import cloudwatch

    def handler(
        params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False
    ) -> Any:
        if is_cbor or is_json:
            return theirs(params, data, is_cbor, is_json)
        status, _, body = theirs({}, wire.nested(params), False, True)
        if status != 200:
            # Refused, so nothing was done: once more, for the error in the protocol's own form.
            return theirs(params, data, False, False)
        inner = wire.elements(json.loads(body))
        result = f"<{action}Result>{inner}</{action}Result>"
        return cloudwatch._xml(200, f"{action}Response", result)

    return handler


def _keeping_all(theirs: Handler) -> Handler:
    """Keep what PutMetricAlarm drops: metric math, percentiles, what was not asked for."""
    from ministack.services import cloudwatch

    def put(
        params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False
    ) -> Any:
        response = theirs(params, data, is_cbor, is_json)
        alarm = cloudwatch._alarms.get(data.get("AlarmName"))
        if response[0] == 200 and alarm is not None:
            alarm.update(dropped(data))
            _kept_until.pop(alarm["AlarmArn"], None)
            evaluate(alarm)
        return response

    return put


def _keeping_state(theirs: Handler) -> Handler:
    """Keep the state that was set for a while: who looks now and then has to see it."""
    from ministack.services import cloudwatch

    def set_state(
        params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False
    ) -> Any:
        alarm = cloudwatch._alarms.get(data.get("AlarmName"))
        if alarm is not None:
            _kept_until[alarm["AlarmArn"]] = time.monotonic() + KEPT
        return theirs(params, data, is_cbor, is_json)

    return set_state


def dropped(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an alarm that MiniStack leaves out, or makes up where nothing was said."""
    names = ("Metrics", "ThresholdMetricId", "EvaluateLowSampleCountPercentile", "Statistic")
    fields = {name: data.get(name) for name in names}
    fields["Period"] = int(data["Period"]) if data.get("Period") else None
    fields["Threshold"] = float(data["Threshold"]) if "Threshold" in data else None
    fields["Metrics"] = [_query(query) for query in data.get("Metrics") or []]
    fields["AlarmDescription"] = data.get("AlarmDescription") or None
    return fields


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    return {**query, "ReturnData": query.get("ReturnData", True)}


def _with_expressions(theirs: Handler) -> Handler:
    """Compute the expressions of GetMetricData, which MiniStack refuses."""

    def get(
        params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False
    ) -> Any:
        queries = list(data.get("MetricDataQueries") or [])
        if not any(query.get("Expression") for query in queries):
            return theirs(params, data, is_cbor, is_json)
        return _answer_metric_data(_computed_data(data, queries), is_cbor)

    return get


def _computed_data(
    data: Mapping[str, Any], queries: list[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    from ministack.services import cloudwatch

    begin, end = (cloudwatch._parse_ts(data[name]) for name in ("StartTime", "EndTime"))
    stats = [query["MetricStat"] for query in queries if query.get("MetricStat")]
    period = max((int(stat.get("Period") or 60) for stat in stats), default=60)
    count = max(1, int((end - begin) // period))
    moments = [begin + number * period for number in range(count)]
    read = reader(begin + count * period)
    try:
        series = alarms.compute(queries, read, count)
    except Unsupported as problem:
        log.warning("%s", problem)
        series = {}
    return [
        _result(query, series.get(query["Id"], []), moments)
        for query in queries
        if query.get("ReturnData", True)
    ]


def _result(query: Mapping[str, Any], series: Series, moments: list[float]) -> dict[str, Any]:
    from ministack.services import cloudwatch

    known = [(at, value) for at, value in zip(moments, series, strict=False) if value is not None]
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or query["Id"],
        "Timestamps": [cloudwatch._ts_iso(at) for at, _ in known],
        "Values": [value for _, value in known],
        "StatusCode": "Complete",
    }


def _answer_metric_data(results: list[dict[str, Any]], is_cbor: bool) -> Any:
    from ministack.services import cloudwatch

    if is_cbor:
        shown = [cloudwatch._cbor_metric_data_result(result) for result in results]
        return cloudwatch._cbor_ok({"MetricDataResults": shown})
    return cloudwatch._json_ok({"MetricDataResults": results})


def reader(now: float, minute: float = 60.0) -> alarms.Read:
    """Reads metrics of the account and region that are set, in periods that end at `now`.

    `minute` is how many seconds one takes, which a rehearsal makes shorter.
    """
    from ministack.services import cloudwatch

    def read(metric: Mapping[str, Any], statistic: str, period: int, count: int) -> Series:
        wanted = cloudwatch._dims_key(cloudwatch._dims_from_list(metric.get("Dimensions") or []))
        key = (metric.get("Namespace"), metric.get("MetricName"), wanted)
        points = cloudwatch._metrics.get(key) or []
        seconds = period * minute / 60
        buckets: dict[int, list[Any]] = defaultdict(list)
        for point in points:
            buckets[int((now - point["Timestamp"]) // seconds)].append(point)
        return [_value(buckets.get(age), statistic) for age in reversed(range(count))]

    return read


def _value(points: list[Any] | None, statistic: str) -> float | None:
    from ministack.services import cloudwatch

    if not points:
        return None
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
    return None if value is None else float(value)


def evaluate(alarm: dict[str, Any]) -> None:
    """Judge one alarm now; a change of state goes into its history and to its actions."""
    from ministack.services import cloudwatch

    if time.monotonic() < _kept_until.get(alarm["AlarmArn"], 0):
        return
    verdict = alarms.judge(alarm, reader(time.time(), MINUTE))
    before = alarm["StateValue"]
    if verdict is None or verdict.state == before:
        return
    alarm["StateValue"] = verdict.state
    alarm["StateReason"] = verdict.reason
    alarm["StateUpdatedTimestamp"] = int(time.time())
    cloudwatch._record_history(alarm["AlarmName"], before, verdict.state, verdict.reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, verdict.state, verdict.reason)
    cloudwatch._evaluate_parent_alarms(alarm)


class Watch:
    """Judges all alarms again and again, as time alone changes some."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True, name="embedded-alarms")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _loop(self) -> None:
        while not self._stop.wait(INTERVAL):
            try:
                self._judge_all()
            except Exception:
                # An alarm was made or deleted meanwhile: the next look has it right.
                log.debug("alarms not judged now", exc_info=True)

    def _judge_all(self) -> None:
        from ministack.core.responses import request_scope
        from ministack.services import cloudwatch

        for (account, region, *_), alarm in list(cloudwatch._alarms.all_items()):
            with request_scope(account, region):
                evaluate(alarm)
