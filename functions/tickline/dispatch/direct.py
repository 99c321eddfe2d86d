"""Doorbells within one process: each is answered on a thread of a pool."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from tickline.model import Doorbell, Run
from tickline.ports import Dispatcher

log = logging.getLogger(__name__)

Answer = Callable[[Doorbell], Run | None]
Bell = tuple[str, str, int]


class DirectDispatcher(Dispatcher):
    """Answers doorbells on up to `workers` threads; a bell that is being answered is not rung again.

    `done` hears of every answer: the run as invoke left it (None: nothing was done), or the error that
    kept it from being recorded. It is called on the worker's thread.
    """

    def __init__(
        self, answer: Answer, *, workers: int, done: Callable[[Run | None, Exception | None], None]
    ) -> None:
        self._answer = answer
        self._done = done
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="invoke")
        self._ringing: set[Bell] = set()
        self._idle = threading.Condition()

    def ring(self, doorbells: Sequence[Doorbell]) -> None:
        """See Dispatcher.ring."""
        for doorbell in doorbells:
            bell = (doorbell.job_id, doorbell.slot, doorbell.attempt)
            with self._idle:
                if bell in self._ringing:
                    continue
                self._ringing.add(bell)
            self._pool.submit(self._answer, doorbell).add_done_callback(partial(self._over, bell))

    def _over(self, bell: Bell, future: "Future[Run | None]") -> None:
        if not future.cancelled():
            error = future.exception()
            run = None if error is not None else future.result()
            self._done(run, error if isinstance(error, Exception) else None)
        with self._idle:
            self._ringing.discard(bell)
            self._idle.notify_all()

    def ringing(self) -> int:
        """Return how many bells are being answered or wait for a thread."""
        with self._idle:
            return len(self._ringing)

    def close(self, *, timeout: float) -> bool:
        """Answer no more, wait up to `timeout` seconds for the bells being answered; say whether all are."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._idle:
            return self._idle.wait_for(lambda: not self._ringing, timeout)
