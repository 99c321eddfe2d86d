"""Jobs files, with their problems as the commands tell them."""

from pathlib import Path
from typing import TYPE_CHECKING

from tickline.cli.face import Refusal
from tickline.errors import InvalidJobsFile
from tickline.model import Json

if TYPE_CHECKING:
    from tickline.jobsfile import JobsFile


def read_file(path: Path) -> "JobsFile":
    """Read a jobs file, or end the command with everything that is wrong with it."""
    from tickline.jobsfile import read_jobs_file  # noqa: PLC0415 - only jobs files pay for yaml

    try:
        return read_jobs_file(path)
    except InvalidJobsFile as invalid:
        raise _refusal(invalid) from None


def read_documents(text: str, *, name: str, folder: Path) -> tuple[dict[str, Json], ...]:
    """Read one job document or the jobs of a jobs file; see `read_file`."""
    from tickline.jobsfile import read_jobs  # noqa: PLC0415 - only jobs files pay for yaml

    try:
        return read_jobs(text, name=name, folder=folder, single=True).jobs
    except InvalidJobsFile as invalid:
        raise _refusal(invalid) from None


def _refusal(invalid: InvalidJobsFile) -> Refusal:
    problems = [
        {
            "line": problem.line,
            "job_id": problem.job_id,
            "field": problem.field,
            "message": problem.message,
            "example": problem.example,
        }
        for problem in invalid.problems
    ]
    error = {"code": "invalid_jobs_file", "message": str(invalid), "field": "", "problems": problems}
    return Refusal({"ok": False, "error": error})
