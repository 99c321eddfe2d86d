"""Where requests go. Commands know the one method `call`, and not what is behind it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tickline.errors import StoreError
from tickline.model import Json

Answer = dict[str, Json]

MAKES_THE_STORE = frozenset({"put_job"})
FUNCTIONS = frozenset(f"{verb}_function" for verb in ("create", "update", "delete", "get")) | {
    "list_functions"
}
NEEDS_NO_STORE = FUNCTIONS | {"next_times"}
PAGE = 1000


class Client(Protocol):
    """Answers requests of the admin face (see admin.py).

    `look_every`: seconds between two looks at something that is awaited.
    """

    look_every: float

    @property
    def not_begun(self) -> str:
        """What to say of a run that nobody starts."""

    def call(self, action: str, **arguments: Json) -> Answer:
        """Send one request. A refusal, or a store that cannot be used, is an answer: `"ok": false`."""


class LocalClient(Client):
    """The admin of a SQLite file. The file is made by the first job that is written, not by a question."""

    look_every = 0.1
    not_begun = "it has not begun yet; is tickline dev running?"

    def __init__(self, db: Path) -> None:
        self.db = db

    def call(self, action: str, **arguments: Json) -> Answer:
        """See Client.call."""
        from tickline.admin import handle  # noqa: PLC0415 - `tickline --help` needs none of this
        from tickline.wiring.local import local_admin  # noqa: PLC0415

        db: Path | str = self.db
        if not self.db.exists() and action not in MAKES_THE_STORE:
            if action not in NEEDS_NO_STORE:
                return _no_store(self.db)
            db = ":memory:"
        try:
            with local_admin(db) as admin:
                return handle(admin, {"action": action} | arguments)
        except StoreError as error:
            return {"ok": False, "error": {"code": "store_error", "message": str(error), "field": ""}}


def _no_store(db: Path) -> Answer:
    message = f"there is no store at {db}; tickline dev JOBS_FILE or tickline job add makes one"
    return {"ok": False, "error": {"code": "store_error", "message": message, "field": "db"}}


def all_jobs(client: Client, group: str | None = None) -> Answer:
    """Ask for every job, page after page, and return one answer with all of them."""
    jobs: list[Json] = []
    after, limit = "", PAGE
    while True:
        answer = client.call("list_jobs", after=after, limit=limit, group=group)
        if not answer["ok"] and answer["error"]["field"] == "limit" and limit > 1:
            limit //= 2  # large definitions, and an answer of limited size
            continue
        if not answer["ok"]:
            return answer
        jobs += answer["jobs"]
        if "next_page" not in answer:
            return {"ok": True, "jobs": jobs}
        after = answer["next_page"]


def job_ids(client: Client) -> Iterator[str]:
    """Yield the ids of all jobs; none if the store cannot be used."""
    for job in all_jobs(client).get("jobs", ()):
        yield job["job_id"]
