"""The embedded voice, spoken by the real espeak-ng."""

# ruff: noqa: RUF001 (phonetic letters and other scripts)

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import numpy as np
import pytest

from vision_agents.core.errors import ConfigError
from vision_agents.core.tts import SpeechChunk
from vision_agents.plugins.local import LocalTTS
from vision_agents.plugins.local.tts.text import LONGEST_PIECE, clean, pieces


async def spoken(tts: LocalTTS, text: str) -> list[SpeechChunk]:
    return [chunk async for chunk in tts.synthesize(text)]


def seconds(chunks: list[SpeechChunk]) -> float:
    return sum(chunk.data.duration for chunk in chunks)


def words(chunks: list[SpeechChunk]) -> list[str]:
    return [mark.text for chunk in chunks for mark in chunk.marks if mark.kind == "word"]


async def test_speech_is_loud_and_marked() -> None:
    chunks = await spoken(LocalTTS(), "Hello, my people. Five foxes judged the show!")
    assert 2.0 < seconds(chunks) < 5.0
    assert {(chunk.data.sample_rate, chunk.data.channels) for chunk in chunks} == {(22_050, 1)}
    assert max(int(np.abs(chunk.data.samples).max()) for chunk in chunks) > 5_000
    assert words(chunks) == ["Hello", "my", "people", "Five", "foxes", "judged", "the", "show"]
    phonemes = [mark.text for chunk in chunks for mark in chunk.marks if mark.kind == "phoneme"]
    assert "".join(phonemes).startswith("həlˈoʊmaɪpˈiːpəl")


async def test_marks_lie_inside_their_chunk_and_run_forward() -> None:
    begin_s, times_s = 0.0, []
    for chunk in await spoken(LocalTTS(), "Peter Piper picked a peck of pickled peppers."):
        for mark in chunk.marks:
            assert 0.0 <= mark.at_s <= chunk.data.duration
            times_s.append(begin_s + mark.at_s)
        begin_s += chunk.data.duration
    assert times_s == sorted(times_s)


async def test_a_plosive_begins_with_its_closure() -> None:
    # In "a paper" the lips shut for about 50 ms before the burst that espeak-ng reports.
    chunks = await spoken(LocalTTS(), "a paper")
    samples = np.concatenate([chunk.data.samples for chunk in chunks]).astype(float)
    begin_s, closures = 0.0, []
    for chunk in chunks:
        closures += [
            begin_s + mark.at_s
            for mark in chunk.marks
            if mark.kind == "phoneme" and mark.text.lstrip("ˈˌ") == "p"
        ]
        begin_s += chunk.data.duration
    assert len(closures) == 2
    for at_s in closures:
        shut = samples[int(at_s * 22_050) : int((at_s + 0.03) * 22_050)]
        assert np.sqrt((shut**2).mean()) < 400


async def test_the_first_chunk_does_not_wait_for_the_rest() -> None:
    tts = LocalTTS()
    await spoken(tts, "warm up")
    long = "This sentence goes on and on without an end. " * 40
    began = time.perf_counter()
    stream = tts.synthesize(long)
    await anext(stream)
    first = time.perf_counter() - began
    async for _ in stream:
        pass
    assert first < (time.perf_counter() - began) / 3


async def test_interrupt_ends_the_speech_at_once() -> None:
    tts = LocalTTS()
    heard = 0
    async for _ in tts.synthesize("One two three four five six seven eight nine ten. " * 200):
        heard += 1
        if heard == 5:
            await tts.interrupt()
    assert heard == 5
    assert words(await spoken(tts, "Clean again.")) == ["Clean", "again"]


async def test_leaving_the_iterator_ends_the_synthesis() -> None:
    tts = LocalTTS()
    stream = tts.synthesize("word " * 5_000)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert words(await spoken(tts, "Still here.")) == ["Still", "here"]


async def test_cancelling_the_reader_ends_the_synthesis() -> None:
    tts = LocalTTS()
    reader = asyncio.create_task(spoken(tts, "word " * 20_000))
    await asyncio.sleep(0.05)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert words(await spoken(tts, "Still here.")) == ["Still", "here"]


async def test_a_second_synthesis_ends_the_first() -> None:
    tts = LocalTTS()
    first = tts.synthesize("word " * 1_000)
    await anext(first)
    assert words(await spoken(tts, "The second.")) == ["The", "second"]
    assert [chunk async for chunk in first] == []


async def test_voices_of_one_process_take_turns() -> None:
    low, high = LocalTTS("en-us+m3", pitch=10), LocalTTS("de+f2", pitch=90)
    both = await asyncio.gather(
        spoken(low, "Good morning. " * 30), spoken(high, "Guten Tag. " * 30)
    )
    alone = [await spoken(low, "Good morning. " * 30), await spoken(high, "Guten Tag. " * 30)]
    for together, apart in zip(both, alone, strict=True):
        assert words(together) == words(apart)
        assert seconds(together) == pytest.approx(seconds(apart), rel=0.01)


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\t", "...", "🙂", "🎉🎊\u200d", "\x00\x07", "\ud83d"]
)
async def test_nothing_to_say_is_no_sound(text: str) -> None:
    assert await spoken(LocalTTS(), text) == []


async def test_pictographs_are_passed_over() -> None:
    tts = LocalTTS()
    assert words(await spoken(tts, "Well 🙂 done 👍🏽!")) == ["Well", "done"]


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("Привет", "prʲivʲˈet"),
        ("Καλημέρα", "kˌalimˈera"),
        ("مرحبا", "m"),
        ("你好", "n"),
        ("안녕", "ˈɐnnjʌŋ"),
        ("שלום", "ʃ"),
        ("नमस्ते", "n"),
    ],
)
async def test_other_scripts_are_spoken_by_their_language(text: str, beginning: str) -> None:
    chunks = await spoken(LocalTTS(), f"{text} hello")
    phonemes = "".join(m.text for chunk in chunks for m in chunk.marks if m.kind == "phoneme")
    assert phonemes.startswith(beginning)
    assert words(chunks)[-1] == "hello"


async def test_a_hundred_kilobytes_stream_piece_by_piece() -> None:
    stream = LocalTTS().synthesize("seven words " * 8_700)
    total_s = 0.0
    while total_s < 120:
        chunk = await anext(stream)
        assert chunk.data.duration < 1.0
        total_s += chunk.data.duration
    await stream.aclose()  # type: ignore[attr-defined]  # it is a generator


def test_pieces_end_with_sentences_and_keep_every_word() -> None:
    text = "A sentence of some length, with a comma in it. " * 60
    cut = list(pieces(text, "en-us"))
    assert "".join(piece for piece, _ in cut) == text
    assert all(len(piece) <= LONGEST_PIECE for piece, _ in cut)
    assert all(piece.rstrip().endswith(".") for piece, _ in cut)


def test_a_word_without_end_is_cut_somewhere() -> None:
    assert [len(piece) for piece, _ in pieces("a" * 1_000, "en-us")] == [400, 400, 200]


def test_scripts_part_a_sentence() -> None:
    assert list(pieces("Say Привет, мир! twice", "en-us")) == [
        ("Say ", "en-us"),
        ("Привет, мир! ", "ru"),
        ("twice", "en-us"),
    ]
    assert list(pieces("Слава Україні, okay", "uk")) == [("Слава Україні, okay", "uk")]
    assert list(pieces("これは日本語です", "en-us")) == [("これは日本語です", "ja")]


def test_cleaning_keeps_what_is_spoken() -> None:
    assert clean("20 °C & 5 €\n") == "20 °C & 5 €\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"voice": "en-us+anni"}, "no variant 'anni'.*'Annie'"),
        ({"voice": "en-gb"}, "no language 'en-gb'.*'en-gb-x-rp'"),
        ({"words_per_minute": 20}, "words_per_minute must be from 80 to 450, and 20 is not"),
        ({"pitch": 100}, "pitch must be from 0 to 99"),
        ({"pitch_range": -1}, "pitch_range must be from 0 to 99"),
        ({"pitch": "high"}, "pitch must be int"),
    ],
)
def test_bad_settings_say_what_is_right(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LocalTTS(**arguments)  # type: ignore[arg-type]  # the point of the test


def test_the_voice_may_come_from_the_environment() -> None:
    code = (
        "from vision_agents.plugins.local import LocalTTS\n"
        "assert LocalTTS().settings.voice == 'de+f2'\n"
    )
    subprocess.run([sys.executable, "-c", code], env={"LOCAL_TTS_VOICE": "de+f2"}, check=True)


def test_without_the_extra_the_error_has_the_command() -> None:
    code = (
        "import sys\n"
        "sys.modules['espeakng_loader'] = None  # Python's own way to say: not installed\n"
        "from vision_agents.plugins.local import LocalTTS\n"
        "LocalTTS()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1
    assert "pip install 'vision-agents-local[tts]'" in result.stderr
