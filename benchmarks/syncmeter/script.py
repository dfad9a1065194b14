"""One run of a scenario, laid out packet by packet."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from syncmeter.scenario import Scenario, Stream
from syncmeter.signal import Samples, add_burst, make_speech

LEAD_S = 0.5
"""Media time 0 happens this long after the consumers started."""
MARKER_EVERY = 7
"""Pictures from marker to marker: meets every phase of a 25, 30 or 60 fps clock."""
AUDIO_ORIGIN_S = 1234.5
"""Pts of the first sound, where it has any."""
NUMBERS_PER_UTTERANCE = 1 << 16


@dataclass(frozen=True, slots=True)
class Picture:
    arrival_s: float
    number: int
    white: bool
    pts_s: float


@dataclass(frozen=True, slots=True)
class Sound:
    arrival_s: float
    samples: Samples
    pts_s: float | None


@dataclass(frozen=True, slots=True)
class Marker:
    number: int
    picture: int
    """Number of the picture that flashes."""
    media_s: float
    """Where its burst lies in all the sound sent, by the count of samples."""
    arrival_s: float | None
    """When the packet with its first sample arrives; None: cut off before."""


@dataclass
class Script:
    """What arrives when, in seconds after the consumers started."""

    scenario: Scenario
    pictures: list[Picture] = field(default_factory=list)
    sound: list[Sound] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    flushes_s: list[float] = field(default_factory=list)
    end_s: float = 0.0
    video_phase_s: float = 0.0
    """When the first picture is asked for: the phase of the output clock."""


class _Path:
    """The network: when what was made at a media time arrives."""

    def __init__(self, scenario: Scenario, rng: np.random.Generator) -> None:
        self._scenario = scenario
        self.start_s = LEAD_S + float(rng.uniform(0, 0.2))
        # A track's pts begin anywhere, as RTP's do.
        self.pts_origin_s = float(rng.spawn(1)[0].uniform(5, 40_000))
        split = rng.spawn(1)[0]
        self._last_s: dict[Stream, float] = {"video": 0.0, "audio": 0.0}
        streams: tuple[Stream, ...] = ("video", "audio")
        self._resume_s = [
            {stream: float(split.uniform(0, scenario.stall_split_s)) for stream in streams}
            for _ in scenario.stalls
        ]
        most_s = 2 * scenario.jitter_s
        if scenario.jitter_period_s:
            self._knots = np.arange(0, scenario.seconds + 1, scenario.jitter_period_s)
            self._delays = {s: rng.uniform(0, most_s, len(self._knots)) for s in streams}
        else:  # more often little than much, as networks are
            self._knots = np.arange(int(scenario.seconds * 30) + 2) / 30
            self._delays = (
                {s: most_s * rng.uniform(0, 1, len(self._knots)) ** 2 for s in streams}
                if scenario.jitter_s
                else {}
            )

    def arrival_s(self, stream: Stream, media_s: float, burst_from_s: float) -> float:
        """Of media made at ``media_s``; ahead of real time counted from ``burst_from_s``."""
        scenario = self._scenario
        speed = scenario.video_speed if stream == "video" else scenario.audio_speed
        at_s = burst_from_s + (media_s - burst_from_s) / speed + self._delay_s(stream, media_s)
        for step in scenario.steps:
            if step.stream == stream and media_s >= step.at_s:
                at_s += step.by_s
        for stall, resume_s in zip(scenario.stalls, self._resume_s, strict=True):
            if stream in stall.streams and stall.start_s <= at_s < stall.end_s:
                at_s = stall.end_s + resume_s[stream]
        self._last_s[stream] = max(self._last_s[stream], self.start_s + at_s)  # order is kept
        return self._last_s[stream]

    def _delay_s(self, stream: Stream, media_s: float) -> float:
        if not self._delays:
            return 0.0
        delays = self._delays[stream]
        if self._scenario.jitter_period_s:
            return float(np.interp(media_s, self._knots, delays))
        return float(delays[min(int(media_s * 30), len(delays) - 1)])

    def cut(self, stream: Stream, at_s: float) -> None:
        """What was under way is gone; what follows need not queue behind it."""
        self._last_s[stream] = at_s


def build(scenario: Scenario, seed: int) -> Script:
    """Draw one run: the phases of the clocks, the delays of every packet."""
    rng = np.random.default_rng(seed)
    path = _Path(scenario, rng)
    script = Script(scenario)
    script.flushes_s = [path.start_s + at_s for at_s in scenario.flushes]
    for utterance in range(len(scenario.utterances)):
        _utterance(script, path, utterance, rng.spawn(1)[0])
    script.end_s = path.start_s + scenario.seconds
    script.video_phase_s = float(rng.uniform(0, 0.04))
    return script


def _utterance(script: Script, path: _Path, index: int, rng: np.random.Generator) -> None:
    scenario = script.scenario
    begin_s, end_s = scenario.utterances[index]
    cut_s = np.inf
    if index < len(script.flushes_s):
        cut_s = script.flushes_s[index] + scenario.inflight_s
    real_hz = scenario.rate_hz * scenario.audio_drift
    total = round((end_s - begin_s) * real_hz)
    wave = make_speech(total, index, scenario.rate_hz)
    flashes: list[tuple[int, int]] = []  # sample, picture
    for n, real_s in enumerate(_picture_times(script, index, rng)):
        if begin_s + real_s < scenario.video_from_s:
            continue
        arrival_s = path.arrival_s("video", begin_s + real_s, begin_s)
        if arrival_s >= cut_s:
            path.cut("video", float(cut_s))
            break
        number = index * NUMBERS_PER_UTTERANCE + n
        sample = round(real_s * real_hz)
        marks = n % MARKER_EVERY == 0 and 0 < sample < total - scenario.rate_hz // 10
        label = scenario.provider_fps / (scenario.label_fps or scenario.provider_fps)
        pts_s = path.pts_origin_s + begin_s + real_s * label
        script.pictures.append(Picture(arrival_s, number, marks, pts_s))
        if marks:
            add_burst(wave, sample, len(script.markers) + len(flashes), scenario.rate_hz)
            flashes.append((sample, number))
    _sound(script, path, wave, flashes, (begin_s, float(cut_s)), rng)


def _picture_times(script: Script, index: int, rng: np.random.Generator) -> list[float]:
    """When the pictures of an utterance are made: spoken ones, then idle ones up to the next."""
    scenario = script.scenario
    begin_s, end_s = scenario.utterances[index]
    if index >= len(script.flushes_s) and index + 1 < len(scenario.utterances):
        end_s = scenario.utterances[index + 1][0]
    count = round((end_s - begin_s) * scenario.provider_fps)
    if not scenario.variable_fps:
        return [n / scenario.provider_fps for n in range(count)]
    # From picture to picture 0.6 to 1.4 of the period; one in ten is followed by a pause.
    steps = rng.uniform(0.6, 1.4, count) + (rng.random(count) < 0.1) * rng.uniform(1, 4, count)
    times = np.cumsum(steps) / scenario.provider_fps
    return [float(at_s) for at_s in times if at_s < end_s - begin_s]


def _sound(
    script: Script,
    path: _Path,
    wave: Samples,
    flashes: list[tuple[int, int]],
    begin_and_cut_s: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    scenario = script.scenario
    begin_s, cut_s = begin_and_cut_s
    real_hz = scenario.rate_hz * scenario.audio_drift
    sent_before = sum(len(packet.samples) for packet in script.sound)
    first = int(max(0.0, scenario.audio_from_s - begin_s) * real_hz)
    arrivals: list[tuple[int, float]] = []  # end of the packet, arrival
    start = first
    while start < len(wave):
        arrival_s = path.arrival_s("audio", begin_s + start / real_hz, begin_s)
        if arrival_s >= cut_s:
            path.cut("audio", cut_s)
            break
        size = max(1, round(rng.uniform(*scenario.packet_s) * scenario.rate_hz))
        packet = wave[start : start + size]
        pts_s = AUDIO_ORIGIN_S + begin_s + start / scenario.rate_hz
        script.sound.append(Sound(arrival_s, packet, pts_s if scenario.audio_pts else None))
        start += len(packet)
        arrivals.append((start, arrival_s))
    for sample, picture in flashes:
        arrival = next((at for end, at in arrivals if sample < end), None)
        media_s = (sent_before + sample - first) / scenario.rate_hz
        number = len(script.markers)
        script.markers.append(
            Marker(number, picture, media_s, arrival if sample >= first else None)
        )
