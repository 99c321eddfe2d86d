"""Puts every alarm into the state that its metric asks for; moto leaves alarms as they were made.

CloudWatch judges periods that are over. So does this, but for alarms on too much: those also look at the
period that is not yet over, so that nobody has to wait for a minute to see them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from box.metrics import Datum
from box.resources import Client

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def judge(
    values: Sequence[float | None], *, comparison: str, threshold: float, enough: int, missing: str, was: str
) -> str:
    """Return the state of an alarm whose metric had these values, None where there was none.

    `enough`: how many of them must breach. `missing`: TreatMissingData.
    """
    breaches = COMPARISONS[comparison]
    known = {"breaching": True, "notBreaching": False}
    judged = [known.get(missing) if value is None else breaches(value, threshold) for value in values]
    if sum(each is True for each in judged) >= enough:
        return ALARM
    if all(each is None for each in judged):
        return was if missing == "ignore" else UNKNOWN
    return OK


class Alarms:
    """Judges all alarms of an account."""

    def __init__(self, client: Client, born: datetime) -> None:
        self._client = client
        self._born = born

    def judge_all(self, now: datetime) -> dict[str, str]:
        """Bring every alarm up to date, tell its topics of a change, and return the states."""
        cloudwatch = self._client("cloudwatch")
        self._count_messages(now)
        states = {}
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
            name, was = alarm["AlarmName"], alarm["StateValue"]
            state = states[name] = self._state(alarm, now)
            if state != was:
                reason = f"{was} -> {state}"
                cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)
                self._tell(alarm, state, reason)
        return states

    def _state(self, alarm: Mapping[str, Any], now: datetime) -> str:
        periods = alarm["EvaluationPeriods"]
        metric = _metric(alarm)
        length = timedelta(seconds=metric["Period"])
        begun = datetime.fromtimestamp(
            now.timestamp() // length.total_seconds() * length.total_seconds(), UTC
        )
        too_little = alarm["ComparisonOperator"].startswith("Less")
        first = begun - length * (periods if too_little else periods - 1)
        if too_little and first < self._born:
            return str(alarm["StateValue"])
        values = [self._value(metric, first + length * number, length) for number in range(periods)]
        return judge(
            values,
            comparison=alarm["ComparisonOperator"],
            threshold=alarm["Threshold"],
            enough=alarm.get("DatapointsToAlarm") or periods,
            missing=alarm.get("TreatMissingData", "missing"),
            was=alarm["StateValue"],
        )

    def _value(self, metric: Mapping[str, Any], start: datetime, length: timedelta) -> float | None:
        found = self._client("cloudwatch").get_metric_statistics(
            Namespace=metric["Namespace"],
            MetricName=metric["MetricName"],
            Dimensions=metric["Dimensions"],
            StartTime=start,
            EndTime=start + length,
            Period=metric["Period"],
            Statistics=[metric["Statistic"]],
        )["Datapoints"]
        return found[0][metric["Statistic"]] if found else None

    def _count_messages(self, now: datetime) -> None:
        """Measure the queues, as SQS does by itself."""
        sqs = self._client("sqs")
        for url in sqs.list_queues().get("QueueUrls", []):
            wanted = "ApproximateNumberOfMessages"
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[wanted])["Attributes"]
            datum = Datum(
                namespace="AWS/SQS",
                name="ApproximateNumberOfMessagesVisible",
                values=(float(found[wanted]),),
                dimensions=(("QueueName", url.rsplit("/", 1)[-1]),),
                at=now - timedelta(milliseconds=1),
                unit="Count",
            )
            self._client("cloudwatch").put_metric_data(
                Namespace=datum.namespace, MetricData=[datum.as_parameter()]
            )

    def _tell(self, alarm: Mapping[str, Any], state: str, reason: str) -> None:
        key = {OK: "OKActions", ALARM: "AlarmActions", UNKNOWN: "InsufficientDataActions"}[state]
        told = {"AlarmName": alarm["AlarmName"], "NewStateValue": state, "NewStateReason": reason}
        for action in alarm.get(key, []):
            if action.split(":")[2] == "sns":
                self._client("sns").publish(TopicArn=action, Message=json.dumps(told))


def _metric(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an alarm looks at. It may stand in the alarm itself or as its one metric query."""
    if not alarm.get("Metrics"):
        return {**alarm, "Dimensions": alarm.get("Dimensions", [])}
    (query,) = alarm["Metrics"]
    about = query["MetricStat"]
    return {
        **about["Metric"],
        "Dimensions": about["Metric"].get("Dimensions", []),
        "Period": about["Period"],
        "Statistic": about["Stat"],
    }
