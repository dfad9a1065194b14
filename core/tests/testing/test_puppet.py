from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from vision_agents.core.testing.puppet import Began, Ended, Puppet, PuppetEvent, Starved

RATE_HZ = 24_000
FPS = 25
STEP = RATE_HZ // FPS


def draw(samples: NDArray[np.int16]) -> av.VideoFrame:
    frame = av.VideoFrame(16, 16, "yuv420p")
    frame.pts = int(np.abs(samples.astype(int)).max())
    return frame


def speech(samples: int, level: int = 1000) -> NDArray[np.int16]:
    return np.full(samples, level, np.int16)


def play(puppet: Puppet, steps: int) -> tuple[NDArray[np.int16], list[PuppetEvent]]:
    done = [puppet.step() for _ in range(steps)]
    return np.concatenate([s.samples for s in done]), [e for s in done for e in s.events]


def test_speech_plays_whole_after_the_latency_and_says_where_it_began_and_ended() -> None:
    puppet = Puppet(draw, rate_hz=RATE_HZ, fps=FPS, latency_s=0.2)
    puppet.speak("u1", speech(STEP * 3 + 100))
    puppet.end("u1")
    heard, events = play(puppet, 12)
    assert np.flatnonzero(heard)[0] == 5 * STEP
    assert np.count_nonzero(heard) == STEP * 3 + 100
    assert events == [Began("u1"), Ended("u1", (STEP * 3 + 100) / RATE_HZ, False)]
    assert not puppet.speaking


def test_second_utterance_follows_the_first_without_a_gap() -> None:
    puppet = Puppet(draw, rate_hz=RATE_HZ, fps=FPS, latency_s=0.0)
    for name in ("u1", "u2"):
        puppet.speak(name, speech(STEP + 10))
        puppet.end(name)
    heard, events = play(puppet, 4)
    assert np.count_nonzero(heard[: 2 * STEP + 20]) == 2 * STEP + 20
    assert [type(e) for e in events] == [Began, Ended, Began, Ended]


def test_missing_end_starves_with_the_last_picture_and_recovers() -> None:
    puppet = Puppet(draw, rate_hz=RATE_HZ, fps=FPS, latency_s=0.0)
    puppet.speak("u1", speech(STEP))
    first = puppet.step()
    starved = puppet.step()
    assert starved.events == (Starved("u1"),)
    assert starved.frame is first.frame
    puppet.speak("u1", speech(STEP, 2000))
    again = puppet.step()
    assert again.samples.max() == 2000
    assert again.frame is not first.frame


def test_interrupt_silences_the_very_next_step_and_tells_the_position() -> None:
    puppet = Puppet(draw, rate_hz=RATE_HZ, fps=FPS, latency_s=0.0)
    puppet.speak("u1", speech(RATE_HZ))
    play(puppet, 5)
    assert puppet.interrupt()
    cut = puppet.step()
    assert not cut.samples.any()
    assert cut.events == (Ended("u1", 0.2, True),)
    assert not puppet.interrupt()


def test_utterance_interrupted_before_its_first_sample_is_never_told() -> None:
    puppet = Puppet(draw, rate_hz=RATE_HZ, fps=FPS, latency_s=0.4)
    puppet.speak("u1", speech(RATE_HZ))
    puppet.step()
    puppet.interrupt()
    assert play(puppet, 30)[1] == []


def test_odd_rates_lose_no_sample() -> None:
    puppet = Puppet(draw, rate_hz=22_050, fps=Fraction(30000, 1001), latency_s=0.0)
    puppet.speak("u1", speech(22_050))
    puppet.end("u1")
    heard, events = play(puppet, 31)
    assert np.count_nonzero(heard) == 22_050
    assert events[-1] == Ended("u1", 1.0, False)
