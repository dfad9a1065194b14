"""The embedded voice: text in, espeak-ng's sound out, with words and phonemes marked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from vision_agents.core.media.pcm import PcmData
from vision_agents.core.tts import TTS, SpeechChunk
from vision_agents.plugins.local.settings import LocalVoiceSettings
from vision_agents.plugins.local.tts.espeak import EspeakEngine, Samples, SpeechEvent, Voice, engine
from vision_agents.plugins.local.tts.marks import MarkedSound
from vision_agents.plugins.local.tts.text import pieces

if TYPE_CHECKING:
    from vision_agents.core.media.chunks import Mark


class LocalTTS(TTS):
    """Speaks over a hundred languages on this machine, about a thousand times real time.

    All instances of a process share one engine and take turns piece by piece (a few sentences).
    Text in another script than the voice's is spoken by that script's language; pictographs are
    passed over. Needs the extra ``tts``.

    Raises:
        ConfigError: espeak-ng is not installed (the message has the command), a setting is out of
            its range, or there is no such voice.
    """

    provider_name = "local"

    def __init__(
        self,
        voice: str | None = None,
        words_per_minute: int | None = None,
        pitch: int | None = None,
        pitch_range: int | None = None,
    ) -> None:
        super().__init__()
        self.settings = LocalVoiceSettings.from_env(
            voice=voice, words_per_minute=words_per_minute, pitch=pitch, pitch_range=pitch_range
        )
        self._language, _, self._variant = self.settings.voice.partition("+")
        self._engine = engine()
        self._engine.check(self._voice(self._language))
        self._running: _Synthesis | None = None

    def _voice(self, language: str) -> Voice:
        return Voice(
            language=language,
            variant=self._variant,
            words_per_minute=self.settings.words_per_minute,
            pitch=self.settings.pitch,
            pitch_range=self.settings.pitch_range,
        )

    async def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
        """Yield about 60 ms at a time, mono 22.05 kHz; the first chunk comes within milliseconds.

        At most one piece of ``text`` is synthesised ahead of the reader. Phoneme marks are IPA; a
        pause is a phoneme with empty text. ``interrupt()`` ends the iterator at once.
        """
        if self._running is not None:
            self._running.stop()
        run = self._running = _Synthesis(self._engine)
        try:
            for piece, language in pieces(text, self._language):
                async for chunk in run.speak(piece, self._voice(language)):
                    yield chunk
                if run.stopped:
                    return
        finally:
            run.stop()
            if self._running is run:
                self._running = None

    async def interrupt(self) -> None:
        """Stop the synthesis in flight; what it has made and nobody has read is dropped."""
        if self._running is not None:
            self._running.stop()

    async def close(self) -> None:
        """Stop speaking. The engine stays for the process's other voices."""
        await self.interrupt()


_END: Final = None


class _Synthesis:
    """One text being spoken: a worker thread per piece, handing chunks to the event loop."""

    def __init__(self, engine: EspeakEngine) -> None:
        self._engine = engine
        self._stop = threading.Event()
        self._chunks: asyncio.Queue[SpeechChunk | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """End it from the event loop; the reader wakes at once."""
        if not self._stop.is_set():
            self._stop.set()
            self._chunks.put_nowait(_END)

    async def speak(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        """Chunks of one piece. The thread has ended when the iterator has."""
        worker = asyncio.ensure_future(asyncio.to_thread(self._work, text, voice))
        complete = False
        try:
            while (chunk := await self._chunks.get()) is not _END and not self.stopped:
                yield chunk
            complete = not self.stopped
        finally:
            if not complete:
                # A cancelled reader still waits for the thread: it notices within one callback.
                self._stop.set()
                await asyncio.wait([worker])
        await worker

    def _work(self, text: str, voice: Voice) -> None:
        sound = MarkedSound(self._engine.rate_hz)

        def on_sound(samples: Samples, events: list[SpeechEvent]) -> bool:
            self._hand_over(sound.push(samples, events))
            return not self._stop.is_set()

        try:
            if not self.stopped:
                self._engine.speak(text, voice, on_sound)
                self._hand_over(sound.finish())
        finally:
            self._loop.call_soon_threadsafe(self._chunks.put_nowait, _END)

    def _hand_over(self, released: tuple[Samples, tuple[Mark, ...]] | None) -> None:
        if released is None:
            return
        samples, marks = released
        data = PcmData(sample_rate=self._engine.rate_hz, format="s16", samples=samples)
        self._loop.call_soon_threadsafe(self._chunks.put_nowait, SpeechChunk(data, marks))
