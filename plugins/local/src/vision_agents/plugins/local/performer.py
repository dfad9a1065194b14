"""Speech in, one frame period of sound and its mouth at a time out.

Pure: no event loop, no clock, no picture. Sound leaves in the format it came in and sample for
sample as it came; it is only held back until the mouth that belongs to it is known.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vision_agents.core.media.chunks import AudioOutputChunk
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.media.resample import Resampler
from vision_agents.plugins.local.face.shapes import REST, Vectors
from vision_agents.plugins.local.face.timeline import MARGIN_S, MouthTrack
from vision_agents.plugins.local.visemes.classifier import LOOK_AHEAD_S, VisemeClassifier
from vision_agents.plugins.local.visemes.features import RATE_HZ as CLASSIFIER_RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision_agents.plugins.local.visemes.features import Floats

READ_AHEAD_S: Final = 1.0
"""How much speech is worth reading ahead: phoneme marks of the near future shape the mouth."""
HOLD_BACK_S: Final = LOOK_AHEAD_S + MARGIN_S
"""How far sound must be known beyond a moment before the mouth of that moment is."""
_PUT_OFF_S: Final = 0.3  # speech that trickles in may take this long to become playable
_EASE_S: Final = 0.1  # from wherever the mouth is to rest
_SILENCE_RATE_HZ: Final = 48_000  # before anything was said


@dataclass(frozen=True, slots=True)
class Beat:
    """One frame period: its sound, and the mouth in its middle.

    ``chunks`` are the sound as it goes to the listener, with pts on the media timeline: what is
    speech names its utterance and that utterance's end, what is silence has ``utterance_id`` 0.
    """

    number: int
    mouth: Vectors
    chunks: tuple[AudioOutputChunk, ...]
    speaking: bool


class Performer:
    """Turns chunks of speech into beats at a fixed rate; silence and a resting mouth in between."""

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._classifier = VisemeClassifier()
        self._speeches: deque[_Speech] = deque()
        self._format = PcmData(_SILENCE_RATE_HZ, "s16")
        self._mouth = REST
        self._eased_from = REST
        self._ease_s = _EASE_S

    @property
    def ahead_s(self) -> float:
        """Seconds of speech taken in and not performed yet."""
        return sum(speech.left_s for speech in self._speeches)

    @property
    def ready(self) -> bool:
        """Whether the next beat is all that it should be.

        ``False`` when speech was begun to be heard and the rest of what the beat needs has not
        come. ``beat`` then puts off an utterance that has not begun, for 0.3 s at most; one that
        has is broken there: what there is plays, and silence follows.
        """
        return not self._speeches or self._speeches[0].covers(1 / self._fps)

    def hear(self, chunk: AudioOutputChunk) -> None:
        """Take the next piece of speech, of any rate, channel count and format."""
        last = self._speeches[-1] if self._speeches else None
        if last is not None and not last.complete and last.utterance_id != chunk.utterance_id:
            last.complete_here()
        if last is None or last.complete:
            last = _Speech(self._classifier, chunk.utterance_id)
            self._speeches.append(last)
        last.hear(chunk)

    def cut(self) -> None:
        """Forget all speech at once, as a barge-in asks; the mouth eases shut from where it is."""
        self._speeches.clear()
        self._classifier.finish()

    def beat(self, number: int) -> Beat:
        """The period from ``number / fps`` to ``(number + 1) / fps`` of the media timeline."""
        chunks = self._drop_finished()
        speech = self._speeches[0] if self._speeches else None
        if speech is None or speech.put_off(1 / self._fps):
            silence = self._silence(number, 0)
            return Beat(number, self._at_rest(), (*chunks, silence), speaking=False)
        if not speech.covers(1 / self._fps):
            speech.complete_here()
        self._format = speech.format
        mouth = speech.mouth_at(speech.played_s + 0.5 / self._fps)
        sound = speech.take(self._span(number))
        said = self._chunk(number, 0, sound, speech.utterance_id)
        chunks += (said, *self._drop_finished())
        if sound.shape[-1] < self._span(number):
            chunks += (self._silence(number, sound.shape[-1]),)
        if mouth is None:
            mouth = self._at_rest()
        else:
            self._mouth = self._eased_from = mouth
            self._ease_s = 0.0
        return Beat(number, mouth, chunks, speaking=True)

    def _drop_finished(self) -> tuple[AudioOutputChunk, ...]:
        """Forget speech that was performed to its end, and tell the ends of utterances."""
        ends = []
        while self._speeches and self._speeches[0].over:
            speech = self._speeches.popleft()
            if speech.final:
                ends.append(AudioOutputChunk(final=True, utterance_id=speech.utterance_id))
        return tuple(ends)

    def _span(self, number: int) -> int:
        """Samples in that period: the whole timeline has no rounding error at any rate."""
        return self._position(number + 1) - self._position(number)

    def _position(self, number: int) -> int:
        return number * self._format.sample_rate // self._fps

    def _silence(self, number: int, begin: int) -> AudioOutputChunk:
        """Silence from sample ``begin`` to the end of the period."""
        samples = self._span(number) - begin
        channels = self._format.channels
        shape = samples if channels == 1 else (channels, samples)
        return self._chunk(number, begin, np.zeros(shape, self._format.samples.dtype), 0)

    def _chunk(
        self, number: int, begin: int, samples: NDArray[Any], utterance_id: int
    ) -> AudioOutputChunk:
        rate_hz = self._format.sample_rate
        pcm = PcmData(
            rate_hz,
            self._format.format,
            samples,
            pts=self._position(number) + begin,
            time_base=Fraction(1, rate_hz),
            channels=self._format.channels,
        )
        return AudioOutputChunk(pcm, utterance_id=utterance_id)

    def _at_rest(self) -> Vectors:
        self._ease_s = min(self._ease_s + 1 / self._fps, _EASE_S)
        share = self._ease_s / _EASE_S
        share = share * share * (3.0 - 2.0 * share)
        self._mouth = self._eased_from + (REST - self._eased_from) * np.float32(share)
        return self._mouth


class _Speech:
    """One utterance, or the part of one up to where its sound ran dry."""

    def __init__(self, classifier: VisemeClassifier, utterance_id: int) -> None:
        self.utterance_id = utterance_id
        self.final = False
        self.format = PcmData(_SILENCE_RATE_HZ, "s16")
        self.complete = False
        self._classifier = classifier
        self._to_classifier = Resampler(CLASSIFIER_RATE_HZ, 1, "f32")
        self._to_format: Resampler | None = None
        self._track = MouthTrack()
        self._sound = self.format.samples
        self._heard = 0
        self._played = 0
        self._put_off_s = 0.0

    @property
    def left_s(self) -> float:
        return (self._heard - self._played) / self.format.sample_rate

    @property
    def played_s(self) -> float:
        return self._played / self.format.sample_rate

    @property
    def over(self) -> bool:
        return self.complete and self._played == self._heard

    def covers(self, period_s: float) -> bool:
        """Whether sound and mouth of the next period are known, or nothing more will come."""
        mouth_known = self._track.known_s >= self.played_s + period_s / 2
        return self.complete or (self.left_s >= period_s and mouth_known)

    def put_off(self, period_s: float) -> bool:
        """Whether to begin a period later, since it has not begun and cannot go on if it does."""
        if self._played or self.covers(period_s) or self._put_off_s >= _PUT_OFF_S:
            return False
        self._put_off_s += period_s
        return True

    def hear(self, chunk: AudioOutputChunk) -> None:
        pcm = chunk.data
        if pcm is not None and not pcm.empty:
            if self._to_format is None:
                self.format = PcmData(pcm.sample_rate, pcm.format, channels=pcm.channels)
                self._sound = self.format.samples
                self._to_format = Resampler(pcm.sample_rate, pcm.channels, pcm.format)
            begin_s = self._heard / self.format.sample_rate
            for mark in chunk.marks:
                if mark.kind == "phoneme":
                    self._track.marks.add(mark.text, begin_s + mark.at_s)
            self._append(self._to_format.push(pcm))
        if chunk.final:
            self.final = True
            self.complete_here()

    def complete_here(self) -> None:
        """No more sound belongs to this."""
        if self._to_format is not None:
            self._append(self._to_format.drain())
            self._track.push(self._classifier.push(_listenable(self._to_classifier.drain())))
            self._track.push(self._classifier.finish())
        self._track.finish()
        self.complete = True

    def _append(self, pcm: PcmData) -> None:
        if pcm.empty:
            return
        self._sound = np.concatenate([self._sound, pcm.samples], axis=-1)
        self._heard += len(pcm)
        self._track.push(self._classifier.push(_listenable(self._to_classifier.push(pcm))))

    def take(self, samples: int) -> NDArray[Any]:
        """Up to ``samples`` of the sound, once."""
        taken, self._sound = self._sound[..., :samples], self._sound[..., samples:]
        self._played += taken.shape[-1]
        return taken

    def mouth_at(self, time_s: float) -> Vectors | None:
        return self._track.at(time_s)


def _listenable(pcm: PcmData) -> Floats:
    """The samples within -1..1, whatever a float source put there."""
    return np.clip(np.nan_to_num(np.asarray(pcm.samples, np.float32)), -1.0, 1.0)
