import json
from pathlib import Path
from typing import Any

import pytest

from tickline.document import FIELDS, RETRY_READERS
from tickline.model import Definition
from unit.cli.command import DUE, Tickline, dead, succeeded


def stored(tickline: Tickline, job_id: str = "report") -> dict[str, Any]:
    document: dict[str, Any] = tickline.json("job", "show", job_id)["document"]
    return document


def test_add_makes_a_job_and_says_when_it_is_due(tickline: Tickline) -> None:
    answer = tickline(
        "job", "add", "report", "--schedule", "at(2090-01-01T00:00:00)", "--target", "python:work"
    )

    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[0] == "report: made, next at 2090-01-01T00:00:00Z"


def test_every_field_of_the_document_can_be_given_as_an_option(tickline: Tickline) -> None:
    tickline.add(
        "report", "rate(1 hour)",
        "--zone", "Europe/Berlin", "--payload", '{"a": [1]}', "--description", "d", "--group", "g",
        "--tag", "one", "--tag", "two", "--paused", "--start", "2090-01-01T00:00:00",
        "--end", "2091-01-01T00:00:00", "--max-runs", "5", "--run-on-create", "--catch-up", "all",
        "--catch-up-window", "2h", "--misfire-after", "10m", "--overlap", "allow", "--max-attempts", "5",
        "--backoff", "1s", "--max-backoff", "2s", "--max-age", "3h", "--retry-on", "transport",
        "--delivery", "at_most_once", "--timeout", "5s", "--no-wait", "--window", "1m", "--dst-gap", "shift",
        "--dst-fold", "both", "--on-complete", "delete", "--on-failure", "python:alarm", "--history", "7d",
    )  # fmt: skip

    document = stored(tickline)

    assert document.keys() == set(FIELDS)
    assert document["retry"].keys() == set(RETRY_READERS)
    assert (document["enabled"], document["wait"], document["max_runs"]) == (False, False, 5)
    assert (document["tags"], document["payload"]) == (["one", "two"], {"a": [1]})


def test_set_writes_any_field(tickline: Tickline) -> None:
    tickline.add("report", "rate(1 hour)", "--set", 'retry={"max_attempts": 7}', "--set", 'zone="Asia/Tokyo"')

    assert stored(tickline)["retry"] == {"max_attempts": 7}
    assert stored(tickline)["zone"] == "Asia/Tokyo"


def test_options_that_are_not_given_are_not_written(tickline: Tickline) -> None:
    tickline.add()

    assert stored(tickline).keys() == {"job_id", "schedule", "target", "created_at"}


def test_add_leaves_a_job_that_exists_as_it_is(tickline: Tickline) -> None:
    tickline.add()

    again = tickline.add("report", "rate(2 hours)")

    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert stored(tickline)["schedule"] == "rate(1 hour)"


def test_every_problem_is_told_on_a_line_of_its_own_with_an_example(tickline: Tickline) -> None:
    answer = tickline("job", "add", "report", "--zone", "Europe/Pariss", "--max-runs", "x", "--target", "foo")

    lines = answer.stderr.splitlines()
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert lines[0] == "Error: job 'report' is not valid:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["schedule", "zone", "target", "max_runs"]
    assert all("for example" in line for line in lines[1:])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--payload", "{a: 1}"), "payload: is not JSON"),
        (("--set", "zone=Europe/Paris"), "zone: is not JSON"),
        (("--set", "zone"), "is not NAME=JSON"),
        (("--set", "colour=1"), "colour: is not a field"),
    ],
)
def test_values_that_are_not_json_are_told(tickline: Tickline, option: tuple[str, str], message: str) -> None:
    answer = tickline.add("report", "rate(1 hour)", *option)

    assert answer.exit_code == 2
    assert message in answer.stderr


def test_with_json_a_refusal_is_an_answer_on_stdout(tickline: Tickline) -> None:
    answer = tickline("job", "add", "report", "--target", "python:work", "--payload", "{", "--json")

    assert answer.exit_code == 2
    assert answer.stderr == ""
    assert json.loads(answer.stdout)["error"]["problems"][0]["field"] == "payload"


def test_warnings_of_the_schedule_are_shown(tickline: Tickline) -> None:
    answer = tickline.add("report", "cron(30 2 * * ? *)", "--zone", "America/New_York")

    assert answer.stdout.count("warning: ") == 3
    assert "is skipped" in answer.stdout


def test_put_writes_one_document_from_stdin(tickline: Tickline) -> None:
    document = {"job_id": "a", "schedule": "* * * * *", "target": "python:work"}

    first = tickline.json("job", "put", "-", stdin=json.dumps(document))
    second = tickline.json("job", "put", "-", stdin=json.dumps(document | {"timeout": "5s"}))

    assert (first["created"], first["revision"]) == (True, 1)
    assert (second["created"], second["revision"]) == (False, 2)


def test_put_writes_a_jobs_file_and_leaves_what_is_the_same(tickline: Tickline, tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    job = "{job_id: %s, schedule: rate(1 hour), target: python:work}"
    file.write_text(f"jobs:\n  - {job % 'a'}\n  - {job % 'b'}\n")

    tickline("job", "put", str(file))
    again = tickline("job", "put", str(file), "--json")

    answers = [json.loads(line) for line in again.stdout.splitlines()]
    assert [(answer["job_id"], answer["revision"]) for answer in answers] == [("a", 1), ("b", 1)]


def test_put_writes_nothing_when_one_job_of_the_file_is_bad(tickline: Tickline, tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    file.write_text("jobs:\n  - {job_id: a, schedule: rate(1 hour), target: python:w}\n  - {job_id: b}\n")

    answer = tickline("job", "put", str(file))

    assert answer.exit_code == 2
    assert answer.stderr.splitlines()[0] == f"Error: {file} is not a valid jobs file:"
    assert "  line 3: b: schedule: is missing" in answer.stderr
    assert not tickline.db.exists()


def test_what_show_prints_can_be_put_again(tickline: Tickline) -> None:
    tickline.add("report", "rate(1 hour)", "--timeout", "5s")

    answer = tickline.json("job", "put", "-", stdin=json.dumps(stored(tickline)))

    assert answer["revision"] == 1


def test_list_shows_schedule_target_next_and_last_run(tickline: Tickline) -> None:
    tickline.add("report", "at(2090-06-01T12:00:00)", "--zone", "Europe/Berlin")
    tickline.add("held", "rate(1 hour)", "--paused")
    tickline.write(succeeded())

    lines = tickline("job", "list").stdout.splitlines()

    assert lines[0].split() == ["job", "schedule", "target", "next", "last", "run"]
    assert lines[1].split() == ["held", "rate(1", "hour)", "python:work", "paused"]
    assert "2090-06-01 12:00:00 CEST  succeeded " in lines[2]


def test_list_shows_one_group(tickline: Tickline) -> None:
    tickline.add("a", "rate(1 hour)", "--group", "x")
    tickline.add("b")

    assert [job["job_id"] for job in tickline.json("job", "list", "--group", "x")["jobs"]] == ["a"]


def test_list_shows_a_bad_definition_with_its_reason(tickline: Tickline) -> None:
    tickline.add("good")
    spoil(tickline, "bad", {"job_id": "bad", "schedule": "nonsense\x1b[31m", "target": "python:work"})
    spoil(tickline, "worse", {"job_id": "worse", "colour": 5})

    answer = tickline("job", "list")

    assert answer.exit_code == 0
    assert answer.stdout.count("not valid") == 2
    assert "bad: schedule: " in answer.stdout
    assert "worse: colour: " in answer.stdout
    assert "\x1b" not in answer.stdout


def spoil(tickline: Tickline, job_id: str, document: Any) -> None:
    with tickline.store() as store:
        assert store.put_job(Definition(job_id=job_id, document=document, revision=1), revision=None)


def test_an_empty_store_has_no_jobs(tickline: Tickline) -> None:
    with tickline.store():
        pass

    assert tickline("job", "list").stdout == "no jobs\n"
    assert tickline.json("job", "list") == {"ok": True, "jobs": []}


def test_show_tells_what_a_job_does_and_did(tickline: Tickline) -> None:
    tickline.add("report", "cron(0 9 ? * MON-FRI *)", "--payload", '{"a": 1}')
    tickline.write(succeeded())

    text = tickline("job", "show", "report").stdout

    assert "At 09:00 on weekdays" in text
    assert text.count("09:00:00 UTC") == 5
    assert '{"a": 1}' in text
    assert "succeeded" in text
    assert "1.5 s · 42 rows" in text


def test_show_of_a_bad_definition_tells_its_reason(tickline: Tickline) -> None:
    tickline.add("good")
    spoil(tickline, "worse", {"job_id": "worse", "colour": 5})

    answer = tickline("job", "show", "worse")

    assert answer.exit_code == 0
    assert "not valid" in answer.stdout


def test_what_is_no_document_at_all_is_shown_with_its_reason(with_file: Tickline) -> None:
    spoil(with_file, "worse", "no object at all")

    assert "worse: job: " in with_file("job", "list").stdout
    assert "not valid" in with_file("job", "show", "worse").stdout


def test_the_newest_run_of_a_dead_job_is_shown_with_its_error(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(dead(due=DUE))

    assert "KeyError: 'x' · attempt 1 was the last one" in tickline("job", "show", "report").stdout


def test_delete_asks_first(tickline: Tickline) -> None:
    tickline.add()

    no = tickline("job", "delete", "report", stdin="n\n")
    still_there = tickline("job", "show", "report")
    yes = tickline("job", "delete", "report", stdin="y\n")

    assert (no.exit_code, still_there.exit_code) == (1, 0)
    assert yes.stdout == "report: deleted\n"
    assert tickline("job", "show", "report").exit_code == 3


def test_delete_with_yes_does_not_ask(tickline: Tickline) -> None:
    tickline.add()

    assert tickline.json("job", "delete", "report", "--yes") == {
        "ok": True, "job_id": "report", "deleted": True,
    }  # fmt: skip


def test_pause_and_resume_take_several_jobs(tickline: Tickline) -> None:
    tickline.add("a")
    tickline.add("b")

    paused = tickline("job", "pause", "a", "b")
    held = [job["enabled"] for job in tickline.json("job", "list")["jobs"]]
    resumed = tickline("job", "resume", "a", "b")

    assert paused.stdout == "a: paused\nb: paused\n"
    assert held == [False, False]
    assert resumed.stdout.count("stored, revision 3, next at ") == 2


def test_one_unknown_job_does_not_keep_the_others_from_being_paused(tickline: Tickline) -> None:
    tickline.add("a")

    answer = tickline("job", "pause", "nosuch", "a", "nor-this")

    assert answer.exit_code == 3
    assert answer.stdout == "a: paused\n"
    assert answer.stderr.count("there is no job") == 2


def test_an_unknown_job_is_told_with_the_nearest_names(tickline: Tickline) -> None:
    tickline.add("nightly-report")

    near = tickline("job", "show", "nightly-reprot")
    far = tickline("job", "show", "x")

    assert near.stderr == "Error: there is no job 'nightly-reprot'; did you mean nightly-report?\n"
    assert far.stderr == "Error: there is no job 'x'; tickline job list shows all\n"
    assert near.exit_code == far.exit_code == 3
