from datetime import timedelta

import pytest

from tickline.model import Failure, Result, Run, RunState
from unit.cli.command import DUE, Tickline, dead, skipped, succeeded

KEYS_OF_A_RUN = {
    "run_id", "job_id", "slot", "kind", "scheduled_time", "state", "attempt", "due", "started_at", "ended_at",
    "lateness_ms", "result", "attempts",
}  # fmt: skip


def test_runs_are_shown_with_times_lateness_attempt_state_and_outcome(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(succeeded(), skipped(due=DUE - timedelta(minutes=1)), dead(due=DUE - timedelta(minutes=2)))

    lines = tickline("runs").stdout.splitlines()

    words = ("job", "scheduled,", "started", "late", "try", "state", "result,")
    assert all(word in lines[0] for word in words)
    assert "1.5 s    1  succeeded  42 rows" in lines[1]
    assert "skipped    the job is paused" in lines[2]
    assert "0 ms    1  dead       KeyError: 'x' · attempt 1 was the last one" in lines[3]


def test_what_a_target_said_cannot_talk_to_the_terminal(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(
        succeeded(result="\x1b[2J\u202egone\nnext line"), dead(due=DUE - timedelta(1), error="a\x07")
    )

    text = tickline("runs").stdout

    assert "\\x1b[2J\\u202egone\\nnext line" in text
    assert "a\\x07" in text


def test_a_run_that_waits_says_when_it_is_tried_again(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(
        dead(state=RunState.READY, attempt=2, not_before=DUE + timedelta(seconds=5), reason="", ended_at=None)
    )

    assert "KeyError: 'x' · again at " in tickline("runs").stdout


def test_a_run_that_stands_for_missed_slots_says_so(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(succeeded(missed=3))

    assert "42 rows · stands for 3 missed slots" in tickline("runs").stdout


def test_runs_of_one_job_in_one_state(tickline: Tickline) -> None:
    tickline.add("a")
    tickline.write(succeeded("a"), succeeded("b"), dead("a", due=DUE + timedelta(minutes=1)))

    of_a = tickline.json("runs", "a")["runs"]
    dead_ones = tickline.json("runs", "--state", "dead")["runs"]

    assert [run["state"] for run in of_a] == ["dead", "succeeded"]
    assert [run["job_id"] for run in dead_ones] == ["a"]
    assert of_a[1].keys() == KEYS_OF_A_RUN


def test_pages_follow_each_other_without_a_gap(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(*(succeeded(due=DUE + timedelta(minutes=n)) for n in range(5)))

    first = tickline.json("runs", "--limit", "3")
    second = tickline.json("runs", "--limit", "3", "--page", first["next_page"])

    due = [run["due"] for page in (first, second) for run in page["runs"]]
    assert len(due) == 5
    assert due == sorted(due, reverse=True)
    assert f"--page '{first['next_page']}'" in tickline("runs", "--limit", "3").stderr


def test_no_runs_is_an_answer_and_no_job_is_not(tickline: Tickline) -> None:
    tickline.add()

    assert tickline("runs").stdout == "no runs\n"
    assert tickline("runs", "report").exit_code == 0
    assert tickline("runs", "nosuch").exit_code == 3


@pytest.mark.parametrize(
    "options", [("--state", "failed"), ("--limit", "0"), ("--page", "rubbish"), ("--limit", "many")]
)
def test_bad_questions_are_refused(tickline: Tickline, options: tuple[str, str]) -> None:
    tickline.add()

    answer = tickline("runs", *options)

    assert answer.exit_code == 2
    assert answer.stderr


def test_run_asks_for_a_run_and_the_same_token_for_the_same_one(tickline: Tickline) -> None:
    tickline.add()

    answer = tickline.json("run", "report", "--token", "deploy-7")

    assert answer == {"ok": True, "job_id": "report", "slot": "m:deploy-7", "run_id": "report/m:deploy-7"}
    assert tickline("run", "report", "--token", "deploy-7").stdout == "report/m:deploy-7: asked for\n"
    assert tickline("run", "report", "--token", "no spaces").exit_code == 2


def test_run_wait_tells_the_end(tickline: Tickline) -> None:
    tickline.add("report", "at(2090-01-01T00:00:00)")

    with tickline.running(Result(summary='"42 rows"')):
        answer = tickline("run", "report", "--token", "t", "--wait")

    assert answer.exit_code == 0
    assert answer.stdout == "report/m:t: succeeded · attempt 1 · 42 rows\n"


def test_run_wait_fails_with_the_run(tickline: Tickline) -> None:
    tickline.add("report", "at(2090-01-01T00:00:00)", "--max-attempts", "1")

    with tickline.running(Result(failure=Failure.FUNCTION, error="KeyError: 'x'")):
        answer = tickline("run", "report", "--token", "t", "--wait")

    assert answer.exit_code == 1
    assert answer.stdout == "report/m:t: dead · attempt 1 · KeyError: 'x' · attempt 1 was the last one\n"


def test_run_wait_gives_up_when_nobody_starts_it(tickline: Tickline) -> None:
    tickline.add()

    answer = tickline("run", "report", "--token", "t", "--wait", "--timeout", "1s")

    assert answer.exit_code == 1
    assert "report/m:t has not ended within 1 s" in answer.stderr


def test_a_manual_run_is_marked(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(succeeded(slot="m:t"))

    assert ":00 now" in tickline("runs").stdout


def test_a_running_run_has_no_outcome_yet(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(
        Run(job_id="report", slot="m:t", due=DUE, state=RunState.RUNNING, attempt=1, started_at=DUE)
    )

    assert tickline("runs").stdout.splitlines()[1].endswith("running")
