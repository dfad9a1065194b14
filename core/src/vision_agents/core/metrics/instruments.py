"""What is measured: one entry per instrument, so that a misspelt name is an error at once.

Names follow ``<component>.<what>.<unit>``; attributes are ``provider``, ``error_type``,
``phase`` and ``reason``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """``COUNTER`` is summed up; ``VALUE`` is averaged and keeps its extremes."""

    COUNTER = "counter"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One measured quantity; the unit is the end of the name."""

    name: str
    kind: Kind
    help: str


def _table(*instruments: Instrument) -> dict[str, Instrument]:
    return {instrument.name: instrument for instrument in instruments}


INSTRUMENTS = _table(
    # The avatar: starting, speaking, failing.
    Instrument("avatar.join.latency.ms", Kind.VALUE, "start() called until the avatar can speak"),
    Instrument("avatar.phase.latency.ms", Kind.VALUE, "one phase of a start; attribute phase"),
    Instrument("avatar.first_frame.latency.ms", Kind.VALUE, "start() until the first picture"),
    Instrument("avatar.playback.latency.ms", Kind.VALUE, "first PCM sent until it is heard"),
    Instrument("avatar.interrupt.latency.ms", Kind.VALUE, "barge-in until the local cut is done"),
    Instrument("avatar.av_offset.ms", Kind.VALUE, "video minus audio at playout; + is video late"),
    Instrument("avatar.depth.ms", Kind.VALUE, "sound held in the synchroniser"),
    Instrument("avatar.audio.underruns", Kind.COUNTER, "seconds in which speech ran dry"),
    Instrument("avatar.audio.inserted_silence.s", Kind.COUNTER, "silence put into speech"),
    Instrument("avatar.video.frames.dropped", Kind.COUNTER, "pictures dropped as late or thinned"),
    Instrument("avatar.video.frames.repeated", Kind.COUNTER, "ticks without a new picture"),
    Instrument("avatar.video.frames.late", Kind.COUNTER, "pictures that came after their sound"),
    Instrument("avatar.sessions", Kind.COUNTER, "sessions opened at a provider"),
    Instrument("avatar.session.duration.ms", Kind.VALUE, "length of a provider's session"),
    Instrument("avatar.session.billed.s", Kind.COUNTER, "seconds a provider charges for"),
    Instrument("avatar.provider.latency.ms", Kind.VALUE, "what a provider measured; phase says it"),
    Instrument("avatar.renewals", Kind.COUNTER, "sessions replaced before their cap"),
    Instrument("avatar.reconnections", Kind.COUNTER, "sessions replaced after a loss"),
    Instrument("avatar.failovers", Kind.COUNTER, "changes to another avatar or to voice only"),
    Instrument("avatar.errors", Kind.COUNTER, "failures; attribute error_type"),
    # The agent: what was said, and how fast.
    Instrument("agent.utterances", Kind.COUNTER, "utterances begun"),
    Instrument("agent.interruptions", Kind.COUNTER, "utterances cut by a barge-in"),
    Instrument("agent.heard.s", Kind.COUNTER, "seconds of speech that were really played"),
    Instrument("tts.latency.ms", Kind.VALUE, "text given until the first PCM"),
    Instrument("tts.errors", Kind.COUNTER, "failures of the voice"),
    Instrument("llm.latency.ms", Kind.VALUE, "prompt given until the first text"),
    Instrument("llm.errors", Kind.COUNTER, "failures of the language model"),
    Instrument("stt.errors", Kind.COUNTER, "failures of speech recognition"),
    Instrument("events.handler.errors", Kind.COUNTER, "event handlers that raised"),
)
