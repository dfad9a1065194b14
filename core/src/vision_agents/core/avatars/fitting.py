"""Pictures of other sizes, fitted off the event loop and kept in order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from vision_agents.core.avatars.workbench import Workbench
from vision_agents.core.errors import MediaError

if TYPE_CHECKING:
    import av

    from vision_agents.core.media.frames import FrameFitter

    Deliver = Callable[[av.VideoFrame, float], None]

__all__ = ["OrderedFitting"]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    frame: av.VideoFrame
    arrived_s: float
    done: asyncio.Future[None] | None
    fitted: av.VideoFrame | None = None
    error: Exception | None = None


class OrderedFitting:
    """Delivers pictures in the order they were submitted, scaling those that need it in a thread.

    At most ``most`` wait; beyond that the oldest waiting one is dropped and counted. One picture
    is in work at a time, so one synchroniser cannot take all threads.
    """

    def __init__(self, fitter: FrameFitter, deliver: Deliver, most: int) -> None:
        self.dropped = 0
        self._fitter, self._deliver, self._most = fitter, deliver, most
        self._waiting: deque[_Job] = deque()
        self._running: _Job | None = None
        self._outdated = False  # what is in work was cleared; its thread goes on to the end
        self._failed = False

    def submit(
        self, frame: av.VideoFrame, arrived_s: float, *, notify: bool = False
    ) -> asyncio.Future[None] | None:
        """Take a picture. With ``notify``, answers a future that is done when the picture was
        delivered or dropped, and fails with ``MediaError`` where it cannot be converted."""
        if self._running is None and self._fitter.fits(frame):
            self._deliver(frame, arrived_s)
            return None
        done = asyncio.get_running_loop().create_future() if notify else None
        self._waiting.append(_Job(frame, arrived_s, done))
        if len(self._waiting) > self._most:
            self.dropped += 1
            _finish(self._waiting.popleft())
        if self._running is None:
            self._start_next()
        return done

    def clear(self) -> None:
        """Deliver nothing of what was submitted so far, not even what is in work."""
        for job in self._waiting:
            _finish(job)
        self._waiting.clear()
        if self._running is not None:
            _finish(self._running)
            self._outdated = True

    def _start_next(self) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            if not self._fitter.fits(job.frame):
                self._running = job
                Workbench.here().run(partial(self._fit, job), partial(self._done, job))
                return
            self._deliver(job.frame, job.arrived_s)
            _finish(job)

    def _fit(self, job: _Job) -> None:
        """In a thread."""
        try:
            job.fitted = self._fitter.fit(job.frame)
        except Exception as error:  # a boundary: raised where the picture was written
            job.error = error

    def _done(self, job: _Job) -> None:
        outdated, self._outdated = self._outdated, False
        self._running = None
        if job.error is not None:
            self._report(job, job.error)
        elif not outdated:
            assert job.fitted is not None
            self._deliver(job.fitted, job.arrived_s)
            _finish(job)
        self._start_next()

    def _report(self, job: _Job, error: Exception) -> None:
        problem = MediaError(f"a picture could not be converted: {job.frame!r}: {error}")
        problem.__cause__ = error
        if job.done is not None and not job.done.done():
            job.done.set_exception(problem)
        elif not self._failed:  # once: a provider sends thirty of them a second
            self._failed = True
            _log.warning("%s", problem)


def _finish(job: _Job) -> None:
    if job.done is not None and not job.done.done():
        job.done.set_result(None)
