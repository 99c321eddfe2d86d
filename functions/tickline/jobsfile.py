"""The jobs file: job documents in YAML (or JSON, which is YAML too), and where their Python code is.

    handlers: [handlers.py]                     # files that register handlers for python: targets
    functions: {resize: "handlers.py:resize"}   # stand-ins, so that lambda: targets run with no AWS
    jobs:
      - job_id: nightly-report
        schedule: cron(30 2 * * ? *)
        target: lambda:nightly-report

Scalars are read as JSON has them: true and false, numbers, null, all else text. So a date stays text, and
`no` is not false. Everything that is wrong is reported at once, each with its line.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tickline.document import read_job
from tickline.errors import FileProblem, InvalidJob, InvalidJobsFile
from tickline.model import Json

KEYS = ("jobs", "handlers", "functions")
FUNCTION = re.compile(r"(?P<file>[^:]+\.py):(?P<attribute>[A-Za-z_]\w*)")
NOT_PLAIN = re.compile(r"^\s*(?:-\s+)?(?P<key>[\w.-]+):\s+(?P<value>[*@?%&!`].*?)\s*$")
"""A line whose value begins with a character that means something to YAML: a schedule without quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsFile:
    """What a jobs file says, paths absolute. `functions`: Lambda function -> FILE.py:ATTRIBUTE."""

    jobs: tuple[dict[str, Json], ...]
    handlers: tuple[Path, ...] = ()
    functions: Mapping[str, str] = field(default_factory=dict)


class _Loader(yaml.SafeLoader):
    """SafeLoader with JSON's idea of a scalar; YAML's own would turn 10:30 into 630 and `on` into true."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - pyyaml's way to say it

    def value(self, node: yaml.Node) -> Json:
        """Return what a node stands for in JSON."""
        if isinstance(node, yaml.MappingNode):
            return {key.value: self.value(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        return self.construct_object(node)


for _tag, _form, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_form})$"), _first)


def read_jobs_file(path: Path) -> JobsFile:
    """Read a jobs file. Raises InvalidJobsFile with everything that is wrong, by line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidJobsFile(str(path), (FileProblem(message=str(error.strerror)),)) from None
    except UnicodeDecodeError:
        raise InvalidJobsFile(str(path), (FileProblem(message="is not text in UTF-8"),)) from None
    return read_jobs(text, name=str(path), folder=path.parent)


def read_jobs(text: str, *, name: str, folder: Path, single: bool = False) -> JobsFile:
    """Read the text of a jobs file; with `single` it may also be one job document alone.

    `name` is said in errors; `folder` is where its files are looked for.
    """
    reading = _Reading(text, folder)
    found = reading.file(single=single)
    if reading.problems:
        raise InvalidJobsFile(name, tuple(sorted(reading.problems, key=lambda problem: problem.line)))
    return found


class _Reading:
    """One pass over a file. Goes on after a problem, so that all are found."""

    def __init__(self, text: str, folder: Path) -> None:
        self.text = text
        self.folder = folder
        self.problems: list[FileProblem] = []
        self._loader = _Loader("")

    def file(self, *, single: bool) -> JobsFile:
        root = self._compose()
        if root is None:
            return JobsFile(jobs=())
        if not isinstance(root, yaml.MappingNode):
            self._problem(root, "is not a mapping with a list of jobs", example="jobs: [...]")
            return JobsFile(jobs=())
        self._check_keys(root)
        parts = _parts(root)
        if single and "jobs" not in parts:
            return JobsFile(jobs=tuple(self._job(root)))
        for key in parts.keys() - set(KEYS):
            self._problem(parts[key], f"is not a part of a jobs file; parts are: {', '.join(KEYS)}", key)
        if "jobs" not in parts:
            self._problem(root, "is missing", "jobs", example="jobs: [...]")
        return JobsFile(
            jobs=self._jobs(parts.get("jobs")),
            handlers=tuple(self._handlers(parts.get("handlers"))),
            functions=dict(self._functions(parts.get("functions"))),
        )

    def _compose(self) -> yaml.Node | None:
        """Parse the text; what is not YAML is one problem, since nobody can say what follows it."""
        try:
            self._loader = _Loader(self.text)
            root = self._loader.get_single_node()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line if mark else 0
            self.problems.append(FileProblem(line=line + 1, **self._syntax(error, line)))
            return None
        except yaml.YAMLError as error:  # a character that YAML does not allow
            self.problems.append(FileProblem(message=str(error).splitlines()[0]))
            return None
        if root is None:
            self.problems.append(FileProblem(line=1, message="is empty", example="jobs: [...]"))
        return root

    def _syntax(self, error: yaml.MarkedYAMLError, line: int) -> dict[str, str]:
        """Say what is wrong with a line; a bare * or @ is most often a schedule without quotes."""
        lines = self.text.splitlines()
        match = NOT_PLAIN.match(lines[line]) if line < len(lines) else None
        if match is None:
            return {"message": f"is not YAML: {error.problem or error.context}"}
        key, value = match["key"], match["value"]
        what = "schedule" if key == "schedule" else "value"
        message = f"quote the {what}: to YAML {value[0]} has a meaning of its own"
        return {"field": key, "message": message, "example": f'{key}: "{value}"'}

    def _check_keys(self, root: yaml.Node) -> None:
        """Report keys that are written twice or are no text, which YAML lets pass; then resolve `<<`."""
        for mapping in _mappings(root):
            lines: dict[str, int] = {}
            for key, _ in list(mapping.value):
                if not isinstance(key, yaml.ScalarNode):
                    self._problem(key, "a key must be text")
                    mapping.value = [pair for pair in mapping.value if pair[0] is not key]
                elif key.value in lines:
                    self._problem(key, f"is written twice; first in line {lines[key.value]}", key.value)
                else:
                    lines[key.value] = _line(key)
        for mapping in list(_mappings(root)):
            try:
                self._loader.flatten_mapping(mapping)
            except yaml.MarkedYAMLError as error:
                self._problem(mapping, f"is not YAML: {error.problem}", "<<")

    def _jobs(self, node: yaml.Node | None) -> tuple[dict[str, Json], ...]:
        jobs: list[dict[str, Json]] = []
        lines: dict[str, int] = {}
        for item in self._items(node, "jobs"):
            for job in self._job(item):
                job_id = str(job.get("job_id", ""))
                if job_id in lines:
                    message = f"is the job_id of two jobs; the first is in line {lines[job_id]}"
                    self._problem(item, message, "job_id", job_id=job_id)
                lines[job_id] = _line(item)
                jobs.append(job)
        return tuple(jobs)

    def _job(self, node: yaml.Node) -> Iterator[dict[str, Json]]:
        """Check one job document, and report its problems by the lines of its fields."""
        try:
            document = self._loader.value(node)
        except (yaml.MarkedYAMLError, ValueError, RecursionError) as error:
            self._problem(node, f"cannot be read: {getattr(error, 'problem', None) or error}")
            return
        try:
            read_job(document)
        except InvalidJob as invalid:
            for problem in invalid.problems:
                line = self._field_line(node, problem.field)
                self._problem(
                    node, problem.message, problem.field,
                    job_id=invalid.job_id, example=problem.example, line=line,
                )  # fmt: skip
            return
        yield document

    def _field_line(self, node: yaml.Node, name: str) -> int:
        """Return the line of a field such as `retry.backoff`, as near as the file has it."""
        line = _line(node)
        for part in name.split("."):
            if not isinstance(node, yaml.MappingNode):
                break
            keys = [key for key, _ in node.value if key.value == part]
            if not keys:
                break
            line, node = _line(keys[-1]), _parts(node)[part]
        return line

    def _handlers(self, node: yaml.Node | None) -> Iterator[Path]:
        for item in self._items(node, "handlers"):
            path = self.folder / str(item.value)
            if path.is_file():
                yield path.resolve()
            else:
                self._problem(item, f"there is no file {path}", "handlers", example="handlers.py")

    def _functions(self, node: yaml.Node | None) -> Iterator[tuple[str, str]]:
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            self._problem(node, "is not a mapping", "functions", example="resize: handlers.py:resize")
            return
        for name, value in _parts(node).items():
            match = FUNCTION.fullmatch(value.value) if isinstance(value, yaml.ScalarNode) else None
            where = f"functions.{name}"
            if match is None:
                self._problem(value, "is not FILE.py:FUNCTION", where, example="handlers.py:resize")
            elif not (path := self.folder / match["file"]).is_file():
                self._problem(value, f"there is no file {path}", where, example="handlers.py:resize")
            else:
                yield name, f"{path.resolve()}:{match['attribute']}"

    def _items(self, node: yaml.Node | None, key: str) -> list[yaml.Node]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._problem(node, "is not a list", key, example=f"{key}: [...]")
            return []
        return list(node.value)

    def _problem(
        self,
        node: yaml.Node,
        message: str,
        where: str = "",
        *,
        job_id: str = "",
        example: str = "",
        line: int = 0,
    ) -> None:
        self.problems.append(
            FileProblem(
                line=line or _line(node), job_id=job_id, field=where, message=message, example=example
            )
        )


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _parts(mapping: yaml.MappingNode) -> dict[str, yaml.Node]:
    """Return the values by key; of a key that is there twice, the last: `<<` puts its own first."""
    return {key.value: value for key, value in mapping.value}


def _mappings(root: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Yield every mapping below a node, each once: anchors may lead to one node several times."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
