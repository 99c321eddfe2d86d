import json
from datetime import timedelta

import pytest

from tickline.cli.client import LocalClient
from tickline.cli.face import Face
from tickline.cli.redrive import dead_runs
from tickline.model import Result
from unit.cli.command import DUE, Tickline, dead, succeeded

LATER = DUE + timedelta(hours=1)
HELD = ("report", "at(2090-01-01T00:00:00)")


def test_redrive_of_a_job_takes_its_newest_dead_run(tickline: Tickline) -> None:
    tickline.add(*HELD)
    tickline.write(dead(), dead(due=LATER), succeeded(due=LATER + timedelta(hours=1)))

    answer = tickline("redrive", "report")

    assert answer.exit_code == 0
    assert answer.stdout == "report/2026-03-02T13:00:00Z: redriven, attempt 2 follows\n"
    assert [run["slot"] for run in tickline.json("runs", "--state", "dead")["runs"]] == [
        "2026-03-02T12:00:00Z"
    ]


def test_redrive_at_takes_the_run_of_a_slot(tickline: Tickline) -> None:
    tickline.add(*HELD)
    tickline.write(dead(), dead(due=LATER))

    answer = tickline.json("redrive", "report", "--at", "2026-03-02T12:00:00Z")

    assert (answer["ok"], answer["state"], answer["slot"]) == (True, "ready", "2026-03-02T12:00:00Z")


def test_a_redriven_run_runs_and_says_that_it_was_redriven(tickline: Tickline) -> None:
    tickline.add(*HELD)
    tickline.write(dead(slot="m:t"))
    tickline("redrive", "report", "--at", "m:t")
    waiting = tickline("runs").stdout

    with tickline.running(Result(summary='"42 rows"')):
        tickline("run", "report", "--token", "other", "--wait")

    view = tickline.json("runs", "--state", "succeeded")["runs"]
    assert "ready  KeyError: 'x' · again at " in waiting
    assert " · redriven by hand at " in waiting
    assert [run["attempt"] for run in view if run["slot"] == "m:t"] == [2]
    assert "42 rows · redriven by hand at " in tickline("runs").stdout


def test_all_dead_takes_every_dead_run_of_a_job_or_of_all(tickline: Tickline) -> None:
    tickline.add(*HELD)
    tickline.add("other", HELD[1])
    tickline.write(dead(), dead(due=LATER), dead("other"))

    of_one = tickline("redrive", "other", "--all-dead")
    of_all = tickline("redrive", "--all-dead", "--json")
    again = tickline("redrive", "--all-dead")

    assert of_one.stdout == "other/2026-03-02T12:00:00Z: redriven, attempt 2 follows\n"
    assert [json.loads(line)["run_id"] for line in of_all.stdout.splitlines()] == [
        "report/2026-03-02T13:00:00Z",
        "report/2026-03-02T12:00:00Z",
    ]
    assert (again.exit_code, again.stdout) == (0, "no dead runs\n")


@pytest.mark.parametrize(("pages", "found", "said"), [(9, 5, ""), (2, 4, "4 runs, and there may be more")])
def test_all_dead_takes_page_after_page_and_ends_somewhere(
    with_file: Tickline, capsys: pytest.CaptureFixture[str], pages: int, found: int, said: str
) -> None:
    with_file.add(*HELD)
    with_file.write(*(dead(due=DUE + timedelta(minutes=n)) for n in range(5)))
    face = Face(client=LocalClient(with_file.db), as_json=False)

    runs = list(dead_runs(face, None, limit=2, pages=pages))

    assert len({run["slot"] for run in runs}) == found
    assert capsys.readouterr().err.startswith(said)


def test_all_dead_tells_what_it_leaves_and_goes_on(tickline: Tickline) -> None:
    tickline.add(*HELD)
    tickline.write(dead(), dead("deleted", due=LATER))

    answer = tickline("redrive", "--all-dead")

    assert answer.exit_code == 1
    assert answer.stdout == "report/2026-03-02T12:00:00Z: redriven, attempt 2 follows\n"
    assert answer.stderr == "deleted/2026-03-02T13:00:00Z: left as it is: there is no job 'deleted'\n"
    assert tickline.json("redrive", "--all-dead")["error"]["code"] == "job_not_found"


def test_only_a_dead_run_is_redriven(tickline: Tickline) -> None:
    tickline.add(*HELD)
    tickline.write(succeeded())

    of_slot = tickline("redrive", "report", "--at", "2026-03-02T12:00:00Z")
    newest = tickline("redrive", "report")

    assert (of_slot.exit_code, newest.exit_code) == (2, 2)
    assert "is succeeded; only a dead run can be redriven" in of_slot.stderr
    assert "job 'report' has no dead run" in newest.stderr
    assert tickline("redrive", "nosuch").exit_code == 3


@pytest.mark.parametrize(
    "words", [(), ("--at", "m:t"), ("report", "--at", "m:t", "--all-dead"), ("--at", "m:t", "--all-dead")]
)
def test_which_run_is_meant_must_be_said(tickline: Tickline, words: tuple[str, ...]) -> None:
    tickline.add(*HELD)

    answer = tickline("redrive", *words)

    assert answer.exit_code == 2
    assert "which run?" in answer.stderr


def test_the_doctor_names_the_command_that_redrives(tickline: Tickline) -> None:
    tickline.add(*HELD)
    tickline.write(dead(slot="m:t", ended_at=DUE + timedelta(days=365 * 60)))

    [finding] = tickline.json("doctor")["findings"]

    assert finding["advice"] == "mend the target, then tickline redrive report --at m:t"
    assert tickline(*finding["advice"].partition("tickline ")[2].split()).exit_code == 0
