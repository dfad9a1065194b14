"""Calls in virtual time: an avatar on the in-memory service, and a listener that misses nothing.

Every 20 ms of speech carries its own number as its sample value, so what is heard says by itself
which words came, which came twice and how long it was silent in between.
"""

from __future__ import annotations

import asyncio
import itertools
import selectors
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pytest

from vision_agents.core.avatars.provider import ProviderAvatar
from vision_agents.core.events.base import BaseEvent
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.sync.utterances import UtteranceFinished, UtteranceStarted
from vision_agents.core.testing.faults import FaultyService
from vision_agents.core.testing.provider import MemoryAvatar

T = TypeVar("T")
RATE_HZ = 24_000
WINDOW_S = 0.02
WINDOW = 480
FIRST_CODE = 1_000  # -30 dBFS: loud


class _Selector(selectors.DefaultSelector):
    """Moves the clock on instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1_000.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout:
            self.now_s += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.clock = _Selector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now_s


@pytest.fixture
def virtual(monkeypatch: pytest.MonkeyPatch) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run a coroutine in virtual time and fail on any task it leaves behind."""

    def run(main: Coroutine[Any, Any, T]) -> T:
        loop = _Loop()
        with monkeypatch.context() as patch, asyncio.Runner(loop_factory=lambda: loop) as runner:
            patch.setattr(time, "monotonic", loop.time)
            return runner.run(_and_nothing_left(main))

    return run


async def _and_nothing_left(main: Coroutine[Any, Any, T]) -> T:
    result = await main
    await asyncio.sleep(1.0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"left behind: {sorted(task.get_name() for task in left)}"
    return result


@dataclass(frozen=True)
class Heard:
    """One window that was pulled. ``code`` 0 is silence; ``at_s`` when it left."""

    at_s: float
    code: int


@dataclass
class Listener:
    """Pulls the published sound as an edge does, and keeps it."""

    stream: AudioOutputStream
    heard: list[Heard] = field(default_factory=list)
    finished: list[UtteranceFinished] = field(default_factory=list)
    started: list[UtteranceStarted] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stream.playback.subscribe(self._on_playback)

    def _on_playback(self, event: object) -> None:
        if isinstance(event, UtteranceFinished):
            self.finished.append(event)
        elif isinstance(event, UtteranceStarted):
            self.started.append(event)

    async def listen(self) -> None:
        due_s = time.monotonic()
        while True:
            samples = self.stream.pull(WINDOW, RATE_HZ, due_s).samples
            # The engine may shift sound by parts of a window: its middle is one window's.
            self.heard.append(Heard(due_s, int(samples[len(samples) // 2])))
            due_s += WINDOW_S
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    @property
    def codes(self) -> list[int]:
        return [window.code for window in self.heard if window.code]


@dataclass
class Line:
    """What was said: its codes (0 for a pause) and when its first sound was sent."""

    utterance_id: int
    codes: list[int]
    said_at_s: float = 0.0

    @property
    def words(self) -> list[int]:
        return [code for code in self.codes if code]


@dataclass
class Tally:
    """What the listener got of a line. ``waited_s``: until its first sound."""

    lost: set[int]
    repeated_s: float
    longest_pause_s: float
    waited_s: float


class Call:
    """An avatar in a call with a listener. ``async with`` starts and closes it."""

    def __init__(self, avatar: ProviderAvatar | None = None, **options: Any) -> None:
        self.service = FaultyService()
        self.avatar = avatar or MemoryAvatar(self.service, **options)
        self.speech = AudioOutputStream(send_timeout_s=5.0)
        self.avatar.attach_audio_input(self.speech)
        self.listener = Listener(self.avatar.audio_output())
        self.events: list[BaseEvent] = []
        self.avatar.events.subscribe(self._on_event)
        self.lines: list[Line] = []
        self._code = FIRST_CODE
        self._listening: asyncio.Task[None] | None = None

    def _on_event(self, event: BaseEvent) -> None:
        self.events.append(event)

    def seen(self, *types: type[BaseEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, types)]

    async def __aenter__(self) -> Call:
        self._listening = asyncio.create_task(self.listener.listen(), name="listener")
        await self.avatar.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.avatar.close()
        assert self._listening is not None
        self._listening.cancel()
        await asyncio.wait({self._listening})
        await self.avatar.events.shutdown()

    def line(self, seconds: float, *, word: int = 12, pause: int = 5) -> Line:
        """Make an utterance of words and pauses, counted in windows."""
        codes = []
        for index in range(round(seconds / WINDOW_S)):
            codes.append(self._code if index % (word + pause) < word else 0)
            self._code = FIRST_CODE if self._code >= 32_000 else self._code + 1
        line = Line(len(self.lines) + 1, codes)
        self.lines.append(line)
        return line

    async def say(self, line: Line, *, speed: float = 4.0) -> None:
        """Send an utterance into the agent's stream, ``speed`` times faster than it sounds."""
        line.said_at_s = time.monotonic()
        for start in range(0, len(line.codes), 5):
            part = line.codes[start : start + 5]
            samples = np.repeat(np.array(part, np.int16), WINDOW)
            final = start + 5 >= len(line.codes)
            pcm = PcmData(RATE_HZ, "s16", samples)
            await self.speech.send(AudioOutputChunk(pcm, final, line.utterance_id))
            await asyncio.sleep(pcm.duration / speed)

    async def speak(self, seconds: float, **options: Any) -> Line:
        """Say an utterance and wait until it was heard."""
        line = self.line(seconds, **options)
        await self.say(line)
        await self.avatar.audio_output().playback.wait_finished(line.utterance_id, 30.0 + seconds)
        return line

    def tally(self, line: Line) -> Tally:
        """Compare a line with what was heard."""
        words = set(line.words)
        mine = [window for window in self.listener.heard if window.code in words]
        gaps = [after.at_s - before.at_s for before, after in itertools.pairwise(mine)]
        return Tally(
            lost=words - {window.code for window in mine},
            repeated_s=WINDOW_S * (len(mine) - len(words)),
            longest_pause_s=max(gaps, default=0.0),
            waited_s=mine[0].at_s - self._turn_of(line) if mine else float("inf"),
        )

    def _turn_of(self, line: Line) -> float:
        """When the line could be heard at the earliest: said, and the one before is over."""
        before = set(self.lines[line.utterance_id - 2].words) if line.utterance_id > 1 else set()
        ends = [window.at_s + WINDOW_S for window in self.listener.heard if window.code in before]
        return max([line.said_at_s, *ends[-1:]])

    async def barge_in(self) -> float:
        """Interrupt in the agent's order; returns when the local cut was done."""
        await self.speech.flush()
        await self.avatar.audio_output().flush()
        cut_at_s = time.monotonic()
        await self.avatar.interrupt()
        return cut_at_s


    def report(self, names):
        for line in self.lines:
            t = self.tally(line)
            f = [e for e in self.listener.finished if e.utterance_id==line.utterance_id]
            flag = "BAD" if t.lost or t.repeated_s>.5 or t.longest_pause_s>.7 or t.waited_s>2.5 or len(f)!=1 or f[0].interrupted else ""
            if flag: print(line.utterance_id, line.words[0], line.words[-1], round(line.said_at_s-1000,2), len(line.codes)*.02, "lost", sorted(t.lost), "rep", round(t.repeated_s,2), "pause", round(t.longest_pause_s,2), "wait", round(t.waited_s,2), flag, f)
        print(names)


@pytest.fixture
def call() -> type[Call]:
    return Call
