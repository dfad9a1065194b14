"""What an utterance is made of: sentences with their sound, from whatever there is to say."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from vision_agents.core.agents.sentences import SentenceSplitter, split_sentences
from vision_agents.core.media.pcm import as_pcm
from vision_agents.core.tts import SpeechChunk

if TYPE_CHECKING:
    from vision_agents.core.media.pcm import PcmLike
    from vision_agents.core.metrics.collector import MetricsCollector
    from vision_agents.core.tts import TTS

__all__ = ["Line", "Lines", "lines_of_answer", "lines_of_sound", "lines_of_text"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, and its sound as it is made; the text is empty for sound without a text.

    Whoever takes a line closes its sound.
    """

    text: str
    sound: AsyncGenerator[SpeechChunk, None]


Lines = AsyncGenerator[Line, None]


async def lines_of_text(text: str, tts: TTS, metrics: MetricsCollector) -> Lines:
    """Sentence by sentence, each given to the voice when the one before has been sent."""
    for sentence in split_sentences(text):
        yield Line(sentence, _spoken(sentence, tts, metrics))


async def lines_of_answer(answer: AsyncIterator[str], tts: TTS, metrics: MetricsCollector) -> Lines:
    """Sentences of a text that is still being written; the last one when it ends."""
    splitter = SentenceSplitter()
    asked_s, waiting = time.monotonic(), True
    async with closing(answer):
        async for piece in answer:
            if waiting:
                waiting = False
                metrics.record("llm.latency.ms", (time.monotonic() - asked_s) * 1000)
            for sentence in splitter.push(piece):
                yield Line(sentence, _spoken(sentence, tts, metrics))
    for sentence in splitter.drain():
        yield Line(sentence, _spoken(sentence, tts, metrics))


async def lines_of_sound(audio: AsyncIterable[PcmLike]) -> Lines:
    """Sound that is there already: one line without a text."""

    async def chunks() -> AsyncGenerator[SpeechChunk, None]:
        pieces = aiter(audio)
        async with closing(pieces):
            async for piece in pieces:
                yield SpeechChunk(as_pcm(piece))

    yield Line("", chunks())


async def _spoken(
    sentence: str, tts: TTS, metrics: MetricsCollector
) -> AsyncGenerator[SpeechChunk, None]:
    """The sound of ``sentence``; measures how long the voice took to begin."""
    asked_s, waiting = time.monotonic(), True
    sound = tts.synthesize(sentence)
    async with closing(sound):
        async for chunk in sound:
            if waiting:
                waiting = False
                metrics.record("tts.latency.ms", (time.monotonic() - asked_s) * 1000)
            yield chunk


@asynccontextmanager
async def closing(iterator: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Close ``iterator`` on leaving, where it can be: a stranger's may not be a generator."""
    try:
        yield iterator
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()
