"""What an alarm computes and which state follows from it. Pure.

Periods slide: the last one ends now. AWS aligns them to the clock and waits for late data, so an
alarm here is some seconds to a period earlier.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from embedded_aws.cloudwatch.expressions import Series, Unsupported, evaluate

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Alarm = Mapping[str, Any]
Read = Callable[[Mapping[str, Any], str, int, int], Series]
"""(metric, statistic, seconds of a period, number of periods) -> values, the newest last."""

_CROSSES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The state that an alarm should have, and why, in AWS's words."""

    state: State
    reason: str


def judge(alarm: Alarm, read: Read) -> Verdict | None:
    """The verdict on an alarm now; None leaves its state as it is."""
    cross = _CROSSES.get(str(alarm.get("ComparisonOperator")))
    if cross is None:
        # Anomaly detection: there is no band to compare with.
        return None
    try:
        values = series_of(alarm, read)
    except Unsupported as problem:
        return Verdict(state="INSUFFICIENT_DATA", reason=f"Unchecked: {problem}")
    return decide(alarm, values, cross)


def series_of(alarm: Alarm, read: Read) -> Series:
    """The values that an alarm looks at, the newest last."""
    count = int(alarm.get("EvaluationPeriods") or 1)
    if not alarm.get("Metrics"):
        statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
        return read(alarm, statistic, int(alarm.get("Period") or 60), count)
    computed = compute(alarm["Metrics"], read, count)
    for query in alarm["Metrics"]:
        if query.get("ReturnData", True):
            return computed[query["Id"]]
    raise Unsupported("no metric returns data")


def compute(queries: list[Mapping[str, Any]], read: Read, count: int) -> dict[str, Series]:
    """The series of all queries by id; an expression may use those that come after it, too."""
    found: dict[str, Series] = {}
    for query in queries:
        if stat := query.get("MetricStat"):
            period = int(stat.get("Period") or 60)
            found[query["Id"]] = read(stat["Metric"], stat["Stat"], period, count)
    waiting = [query for query in queries if query.get("Expression")]
    while waiting:
        left = [query for query in waiting if not _computed(query, found, count)]
        if len(left) == len(waiting):
            evaluate(left[0]["Expression"], found, count)
            raise Unsupported(f"{left[0]['Id']} can't be computed")
        waiting = left
    return found


def _computed(query: Mapping[str, Any], found: dict[str, Series], count: int) -> bool:
    try:
        found[query["Id"]] = evaluate(query["Expression"], dict(found), count)
    except Unsupported:
        return False
    return True


def decide(alarm: Alarm, values: Series, cross: Callable[[float, float], bool]) -> Verdict | None:
    """M out of N: an alarm where so many of the values cross the threshold."""
    threshold = float(alarm.get("Threshold") or 0)
    treatment = alarm.get("TreatMissingData") or "missing"
    wanted = int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods") or 1)
    known = [value for value in values if value is not None]
    if not known and treatment in ("missing", "ignore"):
        return _nothing_known(treatment)
    crossing = sum(1 for value in known if cross(value, threshold))
    if treatment == "breaching":
        crossing += len(values) - len(known)
    if treatment == "missing":
        # What is missing is left out: fewer values have to cross then.
        wanted = min(wanted, len(known))
    state: State = "ALARM" if crossing >= wanted else "OK"
    shown = ", ".join(f"{value:g}" for value in known) or "no datapoints"
    word = "was" if state == "ALARM" else "was not"
    reason = (
        f"Threshold Crossed: {len(known)} datapoint(s) [{shown}] {word} "
        f"{_words(str(alarm['ComparisonOperator']))} the threshold ({threshold:g})."
    )
    return Verdict(state=state, reason=reason)


def _nothing_known(treatment: str) -> Verdict | None:
    if treatment == "ignore":
        return None
    return Verdict(state="INSUFFICIENT_DATA", reason="Insufficient Data: no datapoints")


def _words(comparison: str) -> str:
    return {
        "GreaterThanOrEqualToThreshold": "greater than or equal to",
        "GreaterThanThreshold": "greater than",
        "LessThanThreshold": "less than",
        "LessThanOrEqualToThreshold": "less than or equal to",
    }[comparison]
