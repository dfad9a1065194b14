"""Calls in virtual time: an avatar on the in-memory service, and a listener that misses nothing.

Every 20 ms of speech carries its own number as its sample value, so what is heard says by itself
which words came, which came twice and how long it was silent in between.
"""

from __future__ import annotations

import asyncio
import itertools
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
from vision_agents.core.testing.clock import virtual_time
from vision_agents.core.testing.faults import FaultyService
from vision_agents.core.testing.provider import MemoryAvatar

T = TypeVar("T")
RATE_HZ = 24_000
WINDOW_S = 0.02
WINDOW = 480
FIRST_CODE = 1_000  # -30 dBFS: loud
LAST_CODE = 32_000
CODES_S = 300.0  # codes come again after 620 s of speech
TOLERATED = 5  # windows: 100 ms


@pytest.fixture
def virtual() -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run a coroutine in virtual time and fail on any task it leaves behind."""

    def run(main: Coroutine[Any, Any, T]) -> T:
        with virtual_time() as factory, asyncio.Runner(loop_factory=factory) as runner:
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
    """One window that was heard; ``at_s`` is when it began to leave. ``code`` 0 is silence."""

    at_s: float
    code: int


@dataclass
class Listener:
    """Pulls the published sound as an edge does, and keeps it."""

    stream: AudioOutputStream
    heard: list[Heard] = field(default_factory=list)
    finished: list[UtteranceFinished] = field(default_factory=list)
    started: list[UtteranceStarted] = field(default_factory=list)

    _last_code: int = 0

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
            for part in range(4):  # sound may be shifted by parts of a window
                code = int(samples[WINDOW * (2 * part + 1) // 8])
                if code != self._last_code:
                    self.heard.append(Heard(due_s + part * WINDOW_S / 4, code))
                self._last_code = code
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

    def split(self) -> list[list[int]]:
        """The words, as their windows."""
        groups = itertools.groupby(self.codes, key=bool)
        return [list(codes) for loud, codes in groups if loud]


@dataclass
class Tally:
    """What the listener got of a line. ``waited_s``: until its first sound."""

    lost: list[list[int]]
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

    def state(self) -> str:
        """What the avatar is doing."""
        return "" if self.avatar.state is None else self.avatar.state.value

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
            self._code = FIRST_CODE if self._code >= LAST_CODE else self._code + 1
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
        """Compare a line with what was heard.

        A word of which no more than 100 ms are missing was heard, and so was a line.
        """
        words, said_s = set(line.words), line.said_at_s
        heard = [
            window
            for window in self.listener.heard
            if window.code in words and said_s <= window.at_s < said_s + CODES_S
        ]
        codes = {window.code for window in heard}
        end = line.words[-1] - TOLERATED
        mine = [window for window in heard if window.code <= end]
        gaps = [after.at_s - before.at_s for before, after in itertools.pairwise(mine)]
        return Tally(
            lost=[word for word in line.split() if len(set(word) - codes) > TOLERATED],
            repeated_s=WINDOW_S * (len(heard) - len(codes)),
            longest_pause_s=max(gaps, default=0.0),
            waited_s=heard[0].at_s - self._turn_of(line) if heard else float("inf"),
        )

    def _turn_of(self, line: Line) -> float:
        """When the line could be heard at the earliest: said, and the one before is over."""
        before = set(self.lines[line.utterance_id - 2].words) if line.utterance_id > 1 else set()
        said_s = line.said_at_s
        ends = [
            window.at_s + WINDOW_S
            for window in self.listener.heard
            if window.code in before and abs(window.at_s - said_s) < CODES_S
        ]
        return max([said_s, *ends[-1:]])

    async def barge_in(self) -> float:
        """Interrupt in the agent's order; returns when the local cut was done."""
        await self.speech.flush()
        await self.avatar.audio_output().flush()
        cut_at_s = time.monotonic()
        await self.avatar.interrupt()
        return cut_at_s


@pytest.fixture
def call() -> type[Call]:
    return Call
