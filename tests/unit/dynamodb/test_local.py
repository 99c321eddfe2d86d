"""Where DynamoDB Local cannot run, its tests are skipped; in CI they fail."""

import shutil
from pathlib import Path

import pytest

from dynamodb_local import running


@pytest.mark.parametrize("missing", ["java", "mvn"])
@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)], ids=["here", "in CI"]
)
def test_what_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, ci: str, outcome: type[BaseException]
) -> None:
    which = shutil.which
    if which("java") is None:
        missing = "java"
    monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else which(name))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CI", ci)

    with pytest.raises(outcome, match=f"{missing} is not installed"), running(tmp_path / "log.txt"):
        pass
