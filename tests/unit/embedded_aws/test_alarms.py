"""Alarms: the wire, metric math, and the state that follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from embedded_aws.cloudwatch import wire
from embedded_aws.cloudwatch.alarms import Verdict, compute, judge
from embedded_aws.cloudwatch.expressions import Series, Unsupported, evaluate

SERIES: dict[str, Series] = {"a": [1.0, None, 3.0], "b": [2.0, 2.0, 0.0]}


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("a + b", [3.0, None, 3.0]),
        ("100 * a / b", [50.0, None, None]),
        ("-a", [-1.0, None, -3.0]),
        ("a > 2", [0.0, None, 1.0]),
        ("a > 2 || b > 1", [1.0, None, 1.0]),
        ("a > 0 AND NOT b", [0.0, None, 1.0]),
        ("b ^ 2", [4.0, 4.0, 0.0]),
        ("FILL(a, 0)", [1.0, 0.0, 3.0]),
        ("FILL(a, REPEAT)", [1.0, 1.0, 3.0]),
        ("FILL(a, b)", [1.0, 2.0, 3.0]),
        ("SUM([a, b])", [3.0, 2.0, 3.0]),
        ("SUM(METRICS())", [3.0, 2.0, 3.0]),
        ("MAX([a, b])", [2.0, 2.0, 3.0]),
        ("SUM(a)", [4.0, 4.0, 4.0]),
        ("AVG(b)", [4 / 3, 4 / 3, 4 / 3]),
        ("IF(b > 1, a, 0)", [1.0, None, 0.0]),
        ("IF(b, 7)", [7.0, 7.0, None]),
        ("LOG10(b * 50)", [2.0, 2.0, None]),
        ("5", [5.0, 5.0, 5.0]),
    ],
)
def test_metric_math(expression: str, wanted: Series) -> None:
    """Element by element; what is missing, or not defined, stays missing."""
    assert evaluate(expression, SERIES, 3) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "expression", ["a +", "c", "ANOMALY_DETECTION_BAND(a, 2)", "METRICS()", "__import__('os')"]
)
def test_what_is_not_supported_is_said(expression: str) -> None:
    """Never a guess, and nothing but metric math is run."""
    with pytest.raises(Unsupported):
        evaluate(expression, SERIES, 3)


def alarm(**more: Any) -> dict[str, Any]:
    wanted = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": 10.0}
    return {**wanted, "EvaluationPeriods": 3, "MetricName": "m", **more}


def judged(values: Series, **more: Any) -> Verdict | None:
    return judge(alarm(**more), lambda *_: values)


@pytest.mark.parametrize(
    ("values", "more", "state"),
    [
        ([11, 12, 13], {}, "ALARM"),
        ([11, 12, 10], {}, "OK"),
        ([11, 12, 10], {"DatapointsToAlarm": 2}, "ALARM"),
        ([None, None, 11], {}, "ALARM"),
        ([None, None, 11], {"TreatMissingData": "notBreaching"}, "OK"),
        ([None, None, 11], {"TreatMissingData": "breaching"}, "ALARM"),
        ([None, None, None], {"TreatMissingData": "notBreaching"}, "OK"),
        ([None, None, None], {"TreatMissingData": "breaching"}, "ALARM"),
        ([None, None, None], {}, "INSUFFICIENT_DATA"),
        ([9, 9, 9], {"ComparisonOperator": "LessThanThreshold"}, "ALARM"),
        ([10, 10, 10], {"ComparisonOperator": "GreaterThanOrEqualToThreshold"}, "ALARM"),
        ([10, 10, 10], {"ComparisonOperator": "LessThanOrEqualToThreshold"}, "ALARM"),
    ],
)
def test_the_state_of_an_alarm(values: Series, more: Mapping[str, Any], state: str) -> None:
    """M out of N, and missing values treated as the alarm says."""
    verdict = judged(values, **more)
    assert verdict is not None
    assert verdict.state == state


@pytest.mark.parametrize(
    "more",
    [{"TreatMissingData": "ignore"}, {"ComparisonOperator": "GreaterThanUpperThreshold"}],
)
def test_a_state_that_stays(more: Mapping[str, Any]) -> None:
    """Where missing data is ignored, and where there is no band to compare with."""
    assert judged([None, None, None], **more) is None


def test_the_reason_is_in_the_words_of_aws() -> None:
    """The values and the threshold are in it."""
    verdict = judged([11, 12, 13])
    assert verdict is not None
    assert verdict.reason == (
        "Threshold Crossed: 3 datapoint(s) [11, 12, 13] was greater than the threshold (10)."
    )


def query(name: str, **more: Any) -> dict[str, Any]:
    return {"Id": name, **more}


def stat(name: str) -> dict[str, Any]:
    return query(name, ReturnData=False, MetricStat={"Metric": {"MetricName": name}, "Stat": "Sum"})


def read(metric: Mapping[str, Any], *_: Any) -> Series:
    values = {"errors": 3.0, "requests": 100.0}
    return [values[metric["MetricName"]]]


def test_an_alarm_on_an_expression() -> None:
    """The query that returns data is compared, whatever the order of the queries."""
    share = query("share", Expression="100 * errors / requests", ReturnData=True)
    metrics = [share, stat("errors"), stat("requests")]
    verdict = judge(alarm(Metrics=metrics, Threshold=1.0, EvaluationPeriods=1), read)
    assert verdict is not None
    assert verdict.state == "ALARM"


def test_an_alarm_on_what_can_not_be_computed() -> None:
    """It has no data, and says why."""
    metrics = [query("e", Expression="SEARCH('x')", ReturnData=True)]
    verdict = judge(alarm(Metrics=metrics), read)
    assert verdict is not None
    assert verdict.state == "INSUFFICIENT_DATA"
    assert "SEARCH is not supported here" in verdict.reason


def test_expressions_may_use_expressions() -> None:
    """In any order."""
    queries = [query("twice", Expression="half * 4"), query("half", Expression="errors / 2")]
    assert compute([*queries, stat("errors")], read, 1)["twice"] == [6.0]


def test_parameters_become_values() -> None:
    """As the JSON protocol would have sent them."""
    params = {
        "AlarmName": ["a"],
        "ActionsEnabled": ["false"],
        "Period": ["60"],
        "AlarmActions.member.1": ["x"],
        "Dimensions.member.2.Name": ["second"],
        "Dimensions.member.1.Name": ["true"],
        "Dimensions.member.10.Name": ["tenth"],
    }
    assert wire.nested(params) == {
        "AlarmName": "a",
        "ActionsEnabled": False,
        "Period": 60,
        "AlarmActions": ["x"],
        "Dimensions": [{"Name": "true"}, {"Name": "second"}, {"Name": "tenth"}],
    }


def test_values_become_elements() -> None:
    """Without what is None; text escaped; times in the form of the protocol."""
    value = {
        "Name": "a & b",
        "Enabled": True,
        "Unit": None,
        "Actions": ["x"],
        "StateUpdatedTimestamp": 0,
        "Timestamps": [60],
    }
    assert wire.elements(value) == (
        "<Name>a &amp; b</Name><Enabled>true</Enabled><Actions><member>x</member></Actions>"
        "<StateUpdatedTimestamp>1970-01-01T00:00:00Z</StateUpdatedTimestamp>"
        "<Timestamps><member>1970-01-01T00:01:00Z</member></Timestamps>"
    )
