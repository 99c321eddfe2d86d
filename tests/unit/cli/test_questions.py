import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from unit.cli.command import DUE, Tickline, dead, skipped, succeeded
from unit.cli.stores import on_file


def test_explain_tells_what_happened_and_why(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(succeeded(), skipped(due=DUE + timedelta(hours=1)), dead(due=DUE + timedelta(hours=2)))

    ran = tickline("explain", "report", "--at", "2026-03-02T12:00:00Z").stdout
    held = tickline("explain", "report", "--at", "2026-03-02T13:00:00Z").stdout
    failed = tickline("explain", "report", "--at", "2026-03-02T14:00:00Z").stdout

    assert "succeeded: ran and succeeded at attempt 1, 1.500 s after it was due" in ran
    assert "2.0 s  succeeded" in ran
    assert "skipped: did not run: the job is paused" in held
    assert "failed, function  KeyError: 'x'" in failed


def test_explain_tells_what_will_happen(tickline: Tickline) -> None:
    tickline.add("report", "at(2090-06-01T12:00:00)", "--zone", "Europe/Berlin")

    text = tickline("explain", "report", "--at", "2090-06-01T12:00:00").stdout

    assert text.splitlines()[0] == "report at 2090-06-01T10:00:00Z (2090-06-01T12:00:00+02:00)"
    assert text.splitlines()[1] == "will run: will run"


def test_explain_answers_programs(tickline: Tickline) -> None:
    tickline.add()
    tickline.write(succeeded())

    answer = tickline.json("explain", "report", "--at", "2026-03-02T12:00:00Z")

    assert answer.keys() == {"ok", "job_id", "at", "local", "verdict", "text", "run"}


def test_explain_refuses_what_is_no_time(tickline: Tickline) -> None:
    tickline.add()

    answer = tickline("explain", "report", "--at", "yesterday")

    assert answer.exit_code == 2
    assert "for example 2026-12-24T18:00:00" in answer.stderr


def test_next_says_what_a_schedule_means_and_when_it_is_due(tickline: Tickline) -> None:
    answer = tickline(
        "next",
        "cron(30 2 * * ? *)",
        "--zone",
        "America/New_York",
        "--after",
        "2027-03-13T00:00:00",
        "--count",
        "2",
    )

    lines = answer.stdout.splitlines()
    assert lines[0] == "At 02:30 every day, New York time"
    assert "warning: " in lines[1]
    assert lines[-3].split() == ["America/New_York", "UTC"]
    assert lines[-2].split() == ["Sat", "2027-03-13", "02:30:00", "-05:00", "2027-03-13", "07:30:00"]
    assert lines[-1].split() == ["Mon", "2027-03-15", "02:30:00", "-04:00", "2027-03-15", "06:30:00"]


def test_next_in_utc_shows_one_column(tickline: Tickline) -> None:
    lines = tickline(
        "next", "0 12 * * *", "--after", "2026-03-01T00:00:00", "--count", "1"
    ).stdout.splitlines()

    assert lines[-2:] == ["UTC", "Sun 2026-03-01 12:00:00"]


def test_next_needs_no_store_and_makes_none(tickline: Tickline) -> None:
    answer = tickline.json("next", "rate(5 minutes)")

    assert answer.keys() == {"ok", "schedule", "zone", "describe", "times", "warnings"}
    assert not tickline.db.exists()


def test_next_of_what_never_comes_again_says_so(tickline: Tickline) -> None:
    text = tickline("next", "at(2020-01-01T00:00:00)").stdout

    assert "never" in text
    assert text.endswith("no slot to come\n")


def test_next_refuses_six_bare_fields_and_offers_both_readings(tickline: Tickline) -> None:
    answer = tickline("next", "0 0 12 * * ?")

    assert answer.exit_code == 2
    assert "quartz(0 0 12 * * ?)" in answer.stderr


def test_doctor_finds_nothing_in_a_healthy_store(tickline: Tickline) -> None:
    tickline.add("report", "at(2090-01-01T00:00:00)")

    answer = tickline("doctor")

    assert answer.exit_code == 0
    assert answer.stdout == "healthy: nothing found\n"


def test_doctor_exits_with_1_and_says_what_to_do(tickline: Tickline) -> None:
    tickline.add("report", "at(2090-01-01T00:00:00)")
    with tickline.store() as store:
        store.remove_entries(store.due(DUE + timedelta(days=365 * 100), limit=10))

    answer = tickline("doctor")

    assert answer.exit_code == 1
    assert answer.stdout.startswith("not_admitted report\n  its entry of 2090-01-01T00:00:00Z")
    assert answer.stdout.endswith("1 finding\n")
    assert tickline.json("doctor")["findings"][0]["code"] == "not_admitted"


@pytest.mark.parametrize(
    "command", [("job", "list"), ("runs",), ("doctor",), ("job", "show", "x"), ("run", "x")]
)
def test_a_question_to_a_store_that_is_not_there_makes_none(
    with_file: Tickline, command: tuple[str, ...]
) -> None:
    answer = with_file(*command)

    assert answer.exit_code == 4
    assert f"there is no store at {with_file.db}" in answer.stderr
    assert not with_file.db.exists()


def test_a_file_that_is_no_store_is_refused(with_file: Tickline) -> None:
    with_file.db.write_text(
        "This is a letter, and a long one, to be sure that nobody takes it for a database."
    )

    answer = with_file("job", "list")

    assert answer.exit_code == 4
    assert len(answer.stderr.splitlines()) == 1
    assert with_file.json("job", "list")["error"]["code"] == "store_error"


def test_a_store_in_a_folder_that_is_not_there_cannot_be_made(tmp_path: Path) -> None:
    answer = on_file(tmp_path / "nowhere" / "tickline.db").add()

    assert answer.exit_code == 4
    assert "unable to open" in answer.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(with_file: Tickline, shell: str) -> None:
    text = with_file("completion", shell).stdout

    assert "_TICKLINE_COMPLETE" in text
    assert "tickline" in text


def completed(db: Path | None, words: str, **more: str) -> list[str]:
    """Return what a shell is offered for the last of the words."""
    environment = {
        "_TICKLINE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
        **({"TICKLINE_DB": str(db)} if db else {}),
        **more,
    }
    code = "from tickline.cli import main; main(prog_name='tickline')"
    answer = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""
    return answer.stdout.split()


def test_job_ids_are_completed_from_the_store(with_file: Tickline) -> None:
    with_file.add("nightly-report")
    with_file.add("other")

    assert completed(with_file.db, "tickline job show ni") == ["plain,nightly-report"]


def test_completion_without_a_store_offers_nothing(with_file: Tickline) -> None:
    assert completed(with_file.db, "tickline job show ni") == []
    assert not with_file.db.exists()


@pytest.mark.parametrize("words", ["tickline job show ni", "tickline --stack prod job show ni"])
def test_completion_without_a_way_to_the_stack_offers_nothing_and_says_nothing(words: str) -> None:
    no_network = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1", "HOME": "/nonexistent"}

    assert completed(None, words, TICKLINE_STACK_NAME="prod", **no_network) == []


def test_completion_offers_nothing_where_two_stores_are_meant(with_file: Tickline) -> None:
    with_file.add("nightly-report")

    assert completed(with_file.db, "tickline job show ni", TICKLINE_STACK_NAME="prod") == []


def test_the_words_of_an_option_are_completed(with_file: Tickline) -> None:
    assert completed(with_file.db, "tickline job add a --catch-up l") == ["plain,latest"]
