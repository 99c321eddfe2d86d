from pathlib import Path

import pytest

from tickline.errors import FileProblem, InvalidJobsFile
from tickline.jobsfile import JobsFile, read_jobs, read_jobs_file

JOB = "{job_id: a, schedule: rate(1 hour), target: python:work"


def read(text: str, folder: Path = Path(), *, single: bool = False) -> JobsFile:
    return read_jobs(text, name="jobs.yaml", folder=folder, single=single)


def problems(text: str, folder: Path = Path()) -> list[FileProblem]:
    with pytest.raises(InvalidJobsFile) as refused:
        read(text, folder)
    return list(refused.value.problems)


def test_a_file_gives_its_jobs_handlers_and_functions(tmp_path: Path) -> None:
    (tmp_path / "work.py").touch()
    text = f"handlers: [work.py]\nfunctions: {{resize: 'work.py:resize'}}\njobs:\n  - {JOB}}}\n"

    file = read(text, tmp_path)

    assert file.jobs == ({"job_id": "a", "schedule": "rate(1 hour)", "target": "python:work"},)
    assert file.handlers == ((tmp_path / "work.py").resolve(),)
    assert file.functions == {"resize": f"{(tmp_path / 'work.py').resolve()}:resize"}


def test_json_is_read_as_it_is() -> None:
    text = (
        '{"jobs": [{"job_id": "a", "schedule": "@hourly", "target": "python:b", "payload": [1, 2.5, null]}]}'
    )

    assert read(text).jobs[0]["payload"] == [1, 2.5, None]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01", "2026-01-01"),
        ("10:30", "10:30"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("010", "010"),
        ("10", 10),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".nan", ".nan"),
        ("1_000", "1_000"),
        ('"10"', "10"),
    ],
)
def test_scalars_are_what_json_would_have(written: str, meant: object) -> None:
    jobs = read(f"jobs:\n  - {JOB}, payload: {written}}}\n").jobs

    assert jobs[0]["payload"] == meant
    assert type(jobs[0]["payload"]) is type(meant)


def test_keys_are_text_whatever_they_look_like() -> None:
    jobs = read(f"jobs:\n  - {JOB}, payload: {{1: one, true: two}}}}\n").jobs

    assert jobs[0]["payload"] == {"1": "one", "true": "two"}


def test_anchors_and_merges_work_and_the_own_value_wins() -> None:
    text = (
        "jobs:\n  - &first {job_id: a, schedule: rate(1 hour), target: python:work, timeout: 5s}\n"
        "  - {<<: *first, job_id: b}\n"
    )

    jobs = read(text).jobs

    assert jobs[1] == {"job_id": "b", "schedule": "rate(1 hour)", "target": "python:work", "timeout": "5s"}


@pytest.mark.parametrize("schedule", ["* * * * *", "*/5 * * * *", "@hourly", "? * * * *"])
def test_a_schedule_without_quotes_is_told_to_be_quoted(schedule: str) -> None:
    text = f"jobs:\n  - job_id: a\n    schedule: {schedule}\n    target: python:work\n"

    [problem] = problems(text)

    assert problem.line == 3
    assert "quote the schedule" in problem.message
    assert problem.example == f'schedule: "{schedule}"'


def test_other_values_without_quotes_are_told_too() -> None:
    [problem] = problems("jobs:\n  - job_id: a\n    description: @home\n")

    assert "quote the value" in problem.message


def test_a_key_that_is_written_twice_is_refused_with_both_lines() -> None:
    text = "jobs:\n  - job_id: a\n    schedule: '@daily'\n    target: python:work\n    schedule: '@hourly'\n"

    [problem] = problems(text)

    assert (problem.line, problem.field) == (5, "schedule")
    assert problem.message == "is written twice; first in line 3"


def test_a_job_that_is_there_twice_is_refused() -> None:
    [problem] = problems(f"jobs:\n  - {JOB}}}\n  - {JOB}}}\n")

    assert (problem.line, problem.job_id) == (3, "a")
    assert "the first is in line 2" in problem.message


def test_every_problem_of_every_job_is_reported_at_once_by_line() -> None:
    text = """\
job: nonsense
handlers: [missing.py]
jobs:
  - job_id: first
    schedule: rate(5 minuets)
    target: python:work
    retry:
      max_attempts: 0
  - job_id: second
    schedul: rate(5 minutes)
    target: nowhere
    timeout: 5
  - just text
"""

    found = problems(text, Path("here"))

    assert [(p.line, p.job_id, p.field) for p in found] == [
        (1, "", "job"),
        (2, "", "handlers"),
        (5, "first", "schedule"),
        (8, "first", "retry.max_attempts"),
        (9, "second", "schedule"),
        (10, "second", "schedul"),
        (11, "second", "target"),
        (12, "second", "timeout"),
        (13, "", "job"),
    ]


def test_a_problem_is_one_line_with_place_field_and_example() -> None:
    [problem] = problems(f"jobs:\n  - {JOB}, timeout: 5}}\n")

    assert str(problem) == (
        "line 2: a: timeout: 5 is not a duration: a whole number and s, m, h or d (for example: 5m)"
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "is empty"),
        ("# only a comment\n", 1, "is empty"),
        ("- a\n- b\n", 1, "is not a mapping"),
        ("handlers: []\n", 1, "is missing"),
        ("jobs: 5\n", 1, "is not a list"),
        ("jobs: []\nhandlers: x.py\n", 2, "is not a list"),
        ("jobs: []\nfunctions: [x]\n", 2, "is not a mapping"),
        ("jobs: []\nfunctions: {f: x.py}\n", 2, "is not FILE.py:FUNCTION"),
        ("jobs: []\nfunctions: {f: 'x.py:f'}\n", 2, "there is no file"),
        ("jobs: [\n", 2, "is not YAML"),
        ("jobs: []\n---\njobs: []\n", 2, "is not YAML"),
        ("jobs:\n  - <<: 5\n", 2, "is not YAML"),
        ("jobs:\n  - {[1]: 5}\n", 2, "a key must be text"),
        ("jobs:\n  - !!python/object:os.system {}\n", 2, "is missing"),
        ("jobs:\n  - {job_id: !!python/name:os.system x}\n", 2, "cannot be read"),
        ("jobs: &jobs\n  - *jobs\n", 1, "cannot be read"),
        ("jobs: \x07\n", 0, "special characters"),
    ],
)
def test_what_is_not_a_jobs_file_is_refused(text: str, line: int, message: str) -> None:
    found = problems(text, Path("nowhere"))

    assert any(problem.line == line and message in problem.message for problem in found), found


def test_a_single_document_is_taken_only_where_it_is_asked_for() -> None:
    text = "job_id: a\nschedule: rate(1 hour)\ntarget: python:work\n"

    assert read(text, single=True).jobs[0]["job_id"] == "a"
    assert problems(text)


def test_a_file_that_cannot_be_read_is_an_error_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"jobs: \xff\n")

    with pytest.raises(InvalidJobsFile, match="No such file"):
        read_jobs_file(tmp_path / "none.yaml")
    with pytest.raises(InvalidJobsFile, match="not text in UTF-8"):
        read_jobs_file(tmp_path / "latin.yaml")


def test_the_example_is_a_valid_jobs_file_with_every_dialect() -> None:
    file = read_jobs_file(Path(__file__).parents[3] / "examples" / "jobs.yaml")

    schedules = [str(job["schedule"]) for job in file.jobs]
    assert len(file.jobs) >= 8
    for form in ("cron(", "quartz(", "croniter(", "rate(", "at(", "@hourly", "* * * * *"):
        assert any(schedule.startswith(form) for schedule in schedules), form
