"""A refusal names the field, the position, the value, and a text that is right."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickline.errors import InvalidSchedule
from tickline.schedules import Schedule, dialects, parse


def refusal(text: Any, **options: Any) -> InvalidSchedule:
    with pytest.raises(InvalidSchedule) as caught:
        parse(text, **options)
    return caught.value


# text, field, position, message
REFUSALS = [
    # numbers and names
    ("60 * * * *", "minute", 0, "60 is out of range 0-59"),
    ("0 9,24 * * *", "hour", 4, "24 is out of range 0-23"),
    ("  0 9 32 * *", "day-of-month", 6, "32 is out of range 1-31"),
    ("0 0 1-32 * *", "day-of-month", 6, "32 is out of range 1-31"),
    ("* * * * 8", "day-of-week", 8, "8 is out of range 0-7"),
    ("* * * FOO *", "month", 6, "FOO is not a number in 1-12 or a name in JAN-DEC"),
    ("* * * * MON-FOO", "day-of-week", 12, "FOO is not a number in 0-7 or a name in SUN-SAT"),
    ("5- * * * *", "minute", 2, "nothing is not a number in 0-59"),
    ("-5 * * * *", "minute", 0, "nothing is not a number in 0-59"),
    ("1,,2 * * * *", "minute", 2, "an item of the list is empty"),
    ("\u0663 * * * *", "minute", 0, "\u0663 is not a number in 0-59"),
    # steps
    ("*/0 * * * *", "minute", 2, "the step 0 must be a number from 1"),
    ("*/ * * * *", "minute", 2, "the step after / must be a number from 1"),
    ("*/x * * * *", "minute", 2, "the step x must be a number from 1"),
    ("1/20 * * * *", "minute", 0, "crontab(5) knows a step only after * or a range; write 1-59/20"),
    ("cron(0/60 * * * ? *)", "minute", 7, "the step 60 is out of range 1-59"),
    ("quartz(0 0 0 1 */13 ?)", "month", 17, "the step 13 is out of range 1-12"),
    # days
    ("0 0 L * *", "day-of-month", 4, "L is not a number in 1-31"),
    ("0 0 ? * *", "day-of-month", 4, "? is not a number in 1-31"),
    ("cron(0 12 L-31 * ? *)", "day-of-month", 10, "L, L-n, LW or L-nW with n in 0-30 is meant"),
    ("cron(0 12 15W,20W * ? *)", "day-of-month", 10, "W stands alone in this field"),
    ("cron(0 12 ? * 2#6 *)", "day-of-week", 16, "the number after # is 1-5"),
    ("cron(0 12 ? * 6L,2 *)", "day-of-week", 14, "L and # stand alone in this field"),
    ("cron(0 12 ? * 2,L *)", "day-of-week", 14, "L and # stand alone in this field"),
    ("cron(0 12 * * * *)", "day-of-week", 14, "exactly one of day-of-month and day-of-week must"),
    ("cron(0 12 ? * ? *)", "day-of-week", 14, "exactly one of day-of-month and day-of-week must"),
    ("cron(0 12 1 * MON *)", "day-of-week", 14, "1 and MON: exactly one of"),
    # years
    ("cron(0 12 * * ? 2200)", "year", 16, "2200 is out of range 1970-2199"),
    ("cron(0 12 * * ? 2030-2020)", "year", 16, "2030-2020 runs backwards"),
    ("cron(0 12 * * ? H)", "year", 16, "H has no meaning in this field"),
    # H
    ("H(0-60) * * * *", "minute", 4, "60 is out of range 0-59"),
    ("H(30-20) * * * *", "minute", 0, "H(30-20) runs backwards"),
    ("H(5) * * * *", "minute", 0, "H(5): H(a-b) is meant"),
    ("H(0-5 * * * *", "minute", 0, "H(0-5: H(a-b) is meant"),
    # what Quartz lets pass and gives no meaning to
    ("quartz(0 0 0 ? * MON-FRI/2)", "day-of-week", 17, "Quartz ignores a step after a name"),
    ("quartz(0 0 0 ? * MONDAY)", "day-of-week", 17, "MONDAY is not a number"),
    ("quartz(0 0 0 1-5W * ?)", "day-of-month", 13, "1-5 is not a number"),
    ("quartz(0 0 0 ? * 2-6#2)", "day-of-week", 17, "2-6 is not a number"),
    ("quartz(0 0 0 15WX * ?)", "day-of-month", 13, "15WX is not a number"),
    ("quartz(0 */-5 * * * ?)", "minute", 11, "the step -5 must be a number from 1"),
    ("quartz(99 0 0 * * ?)", "second", 7, "99 is out of range 0-59"),
    ("quartz(0 0 0 98 * ?)", "day-of-month", 13, "98 is out of range 1-31"),
    ("quartz(0 0 0 5,? * ?)", "day-of-month", 15, "? is not a number in 1-31"),
    ("quartz(0 0 0 * * ? 25)", "year", 19, "25 is out of range 1970-2199"),
    ("quartz(0 0 0 * * ? 3000)", "year", 19, "3000 is out of range 1970-2199"),
    ("quartz(0 0 0 0W * ?)", "day-of-month", 13, "0 is out of range 1-31"),
    ("quartz(0 0 0 1 L ?)", "month", 15, "L is not a number in 1-12 or a name in JAN-DEC"),
    # forms
    ("", "schedule", 0, "a bare expression has 5 fields (crontab(5)) or 7 (Quartz), not 0"),
    ("* * * *", "schedule", 0, "(crontab(5)) or 7 (Quartz), not 4"),
    ("cron(0 12 * *)", "schedule", 5, "cron has the fields minute hour day-of-month month"),
    ("unix(0 12 * * * *)", "schedule", 5, "day-of-month month day-of-week, not 6 of them"),
    ("crn(0 12 * * ? *)", "schedule", 0, "crn(...) is not a form of schedule"),
    (" CRON(0 12 * * ? *)", "schedule", 1, "CRON(...) is not a form of schedule"),
    ("cron(0 12 * * ? *", "schedule", 17, "the closing parenthesis of cron( is missing"),
    ("cron(cron(0 12 * * ? *))", "minute", 5, "cron(0 is not a number in 0-59"),
    ("@dayly", "schedule", 0, "@dayly is not one of @yearly, @annually"),
    ("every 5 minutes", "schedule", 0, "(crontab(5)) or 7 (Quartz), not 3"),
    ("0 0 12 * * ?", "schedule", 0, "write quartz(0 0 12 * * ?)"),
    ("0 12 * * ? *", "schedule", 0, "write cron(0 12 * * ? *)"),
    ("*/5 * * * * *", "schedule", 0, "write quartz(*/5 * * * * ?) or cron(*/5 * * * ? *)"),
    ("0 12 * * 2 *", "schedule", 0, "write quartz(0 12 * * 2 ?) or cron(0 12 ? * 2 *)"),
    ("1 2 3 4 5 6", "schedule", 0, "these are neither"),
    ("*" * 257, "schedule", 256, "257 characters; 256 are allowed"),
    (None, "schedule", None, "a text is needed, not None"),
    (b"* * * * *", "schedule", None, "a text is needed, not b'* * * * *'"),
    # rate
    ("rate(5)", "rate", 5, "5 is not a number and a unit"),
    ("rate()", "rate", 5, "nothing is not a number and a unit"),
    ("rate(-5 minutes)", "rate", 5, "-5 is not a whole number from 1"),
    ("rate(0 minutes)", "rate", 5, "0 is not a whole number from 1"),
    ("rate( 5 weeks)", "rate", 8, "weeks is not seconds, minutes, hours or days"),
    ("rate(99999 days)", "rate", 5, "99999 days is longer than 100 years"),
    # at
    ("at(tomorrow)", "at", 3, "tomorrow is not a local time yyyy-mm-ddThh:mm:ss"),
    ("at()", "at", 3, "nothing is not a local time"),
    ("at(2027-02-29T00:00:00)", "at", 3, "2027-02-29T00:00:00 does not exist: day is out of range"),
    ("at(2200-01-01T00:00:00)", "at", 3, "2200 is out of range 1970-2199"),
    # croniter
    ("croniter(* * * *)", "croniter", 9, "or 6 with the seconds last, not 4"),
    ("croniter(@daily)", "croniter", 9, "or 6 with the seconds last, not 1"),
    ("croniter(R * * * *)", "croniter", 9, "R would be another time at each look"),
    ("croniter(0 0 * * R(1-5))", "croniter", 17, "R would be another time at each look"),
    ("croniter(60 * * * *)", "croniter", 9, "croniter says: "),
]


@pytest.mark.parametrize(("text", "field", "position", "message"), REFUSALS)
def test_a_refusal_names_field_position_and_value(
    text: Any, field: str, position: int | None, message: str
) -> None:
    found = refusal(text)

    assert (found.field, found.position) == (field, position)
    assert message in found.message


@pytest.mark.parametrize("text", [row[0] for row in REFUSALS])
def test_the_example_of_a_refusal_is_right(text: Any) -> None:
    example = refusal(text).example

    assert parse(example).describe()


@pytest.mark.parametrize("dialect", [dialects.UNIX, dialects.AWS, dialects.QUARTZ])
def test_the_example_of_every_field_is_right(dialect: dialects.CronDialect) -> None:
    assert len(dialect.examples) == len(dialect.rules)
    for example in dialect.examples:
        assert parse(example).dialect is dialect.dialect


def test_a_time_that_does_not_exist_is_refused_with_its_neighbours() -> None:
    found = refusal("at(2027-03-14T02:30:00)", zone="America/New_York")

    assert found.field == "at"
    assert "from 2027-03-14T01:59:59 to 2027-03-14T03:00:00" in found.message
    assert parse(found.example, zone="America/New_York").one_time


@pytest.mark.parametrize(
    ("options", "field", "example"),
    [
        ({"dst_gap": "jump"}, "dst_gap", "skip"),
        ({"dst_fold": None}, "dst_fold", "first"),
        ({"zone": "Mars/Olympus"}, "zone", "UTC"),
        ({"zone": None}, "zone", "UTC"),
    ],
)
def test_an_option_that_is_wrong_is_named(options: dict[str, Any], field: str, example: str) -> None:
    found = refusal("* * * * *", **options)

    assert (found.field, found.example) == (field, example)


@settings(derandomize=True, deadline=None, max_examples=1500)
@given(
    st.one_of(
        st.text(max_size=40),
        st.text(alphabet="0123456789*/-,?LW#H() SUNMORJAat@", max_size=40),
        st.tuples(
            st.sampled_from(["cron", "quartz", "unix", "croniter", "rate", "at"]),
            st.lists(st.text(alphabet="0159*/-,?LW#HMONJR()", min_size=1, max_size=5), max_size=8),
        ).map(lambda pair: f"{pair[0]}({' '.join(pair[1])})"),
    )
)
def test_any_text_is_either_a_schedule_or_refused(text: str) -> None:
    outcome = attempt(text)

    if isinstance(outcome, InvalidSchedule):
        assert outcome.position is not None
        assert 0 <= outcome.position <= len(text)
    else:
        assert outcome.describe()


def attempt(text: str) -> Schedule | InvalidSchedule:
    try:
        return parse(text, job_id="a-job")
    except InvalidSchedule as reason:
        return reason
