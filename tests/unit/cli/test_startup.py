import subprocess
import sys

HEAVY = (
    "boto3",
    "botocore",
    "rich",
    "yaml",
    "sqlite3",
    "croniter",
    "urllib3",
    "tickline.admin",
    "tickline.schedules",
)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from tickline.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.splitlines()[-1] == "LOADED []"
