"""espeak-ng through ctypes: one engine per process, one synthesis at a time.

The library keeps its voice, its parameters and its callback in globals, so every call is made
under one lock. It is loaded into this process from the ``espeakng-loader`` wheel; espeak-ng itself
is licensed under the GPL, version 3 or later, which is why it hides behind the extra ``tts``.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from vision_agents.core.errors import ConfigError

Samples = npt.NDArray[np.int16]

_SYNCHRONOUS: Final = 2
_BUFFER_MS: Final = 60
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 1, 2, 0x8000
_UTF8: Final = 1
_CHARACTER_POSITION: Final = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_CONTINUE, _ABORT = 0, 1
_EVENT_END_OF_LIST, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7


class _Identifier(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    )


class _VoiceRecord(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class SpeechEvent:
    """A word or phoneme that begins at ``sample`` of this synthesis."""

    kind: Literal["word", "phoneme"]
    text: str
    sample: int


@dataclass(frozen=True, slots=True)
class Voice:
    """Language, variant (``""`` for the language's own voice) and manner of speaking."""

    language: str
    variant: str
    words_per_minute: int
    pitch: int
    pitch_range: int

    @property
    def name(self) -> str:
        """As espeak-ng spells it: ``en-us+Annie``."""
        return f"{self.language}+{self.variant}" if self.variant else self.language


SoundCallback = Callable[[Samples, list[SpeechEvent]], bool]
"""Gets what was just synthesised, on the synthesising thread; ``False`` stops the synthesis."""


class EspeakEngine:
    """The library, initialised. Use ``engine()``; a second instance would share its globals."""

    def __init__(self) -> None:
        try:
            import espeakng_loader  # type: ignore[import-untyped]  # ships no types
        except ImportError as exc:
            raise ConfigError(
                "the local voice needs espeak-ng, which is not installed: "
                "pip install 'vision-agents-local[tts]'"
            ) from exc
        self._data = Path(espeakng_loader.get_data_path())
        path = espeakng_loader.get_library_path()
        try:
            self._library = ctypes.CDLL(path)
        except OSError as exc:
            raise ConfigError(
                f"espeak-ng could not be loaded from {path}: {exc}. Its wheel needs glibc 2.29 or "
                "newer; choose another voice with Agent(tts=...)"
            ) from exc
        self._declare()
        options = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        self.rate_hz = int(
            self._library.espeak_Initialize(
                _SYNCHRONOUS, _BUFFER_MS, str(self._data).encode(), options
            )
        )
        if self.rate_hz <= 0:
            raise ConfigError(
                f"espeak-ng found no voice data in {self._data} (result {self.rate_hz}); "
                "reinstall it: pip install --force-reinstall espeakng-loader"
            )
        self._lock = threading.Lock()

    def _declare(self) -> None:
        lib = self._library
        lib.espeak_Initialize.argtypes = (
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_char_p,
            ctypes.c_int,
        )
        lib.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
        lib.espeak_SetParameter.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int)
        lib.espeak_SetSynthCallback.argtypes = (_Callback,)
        lib.espeak_SetSynthCallback.restype = None
        lib.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceRecord))
        lib.espeak_Synth.argtypes = (
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        )

    def check(self, voice: Voice) -> None:
        """Find the voice's files.

        Raises:
            ConfigError: no such language or variant; names the nearest ones.
        """
        with self._lock:
            self._select(voice)

    def speak(self, text: str, voice: Voice, on_sound: SoundCallback) -> None:
        """Synthesise ``text`` on this thread, handing out about 60 ms of sound at a time.

        Blocks while another synthesis of this process runs. An exception from ``on_sound`` stops
        the synthesis and is raised here.

        Raises:
            ConfigError: no such voice.
        """
        failure: list[BaseException] = []

        def on_synthesis(wave: Any, count: int, events: Any) -> int:
            # ctypes would print an exception and go on; it is kept and raised below instead.
            try:
                samples = (
                    np.ctypeslib.as_array(wave, (count,)).copy()
                    if wave and count > 0
                    else np.zeros(0, np.int16)
                )
                return _CONTINUE if on_sound(samples, _read_events(events, text)) else _ABORT
            except BaseException as exc:
                failure.append(exc)
                return _ABORT

        callback = _Callback(on_synthesis)
        encoded = text.encode("utf-8", "replace")
        with self._lock:
            self._select(voice)
            self._library.espeak_SetSynthCallback(callback)
            self._library.espeak_Synth(
                encoded, len(encoded) + 1, 0, _CHARACTER_POSITION, 0, _UTF8, None, None
            )
        if failure:
            raise failure[0]

    def _select(self, voice: Voice) -> None:
        variants = self._data / "voices" / "!v"
        if voice.variant and not (variants / voice.variant).is_file():
            known = sorted(path.name for path in variants.iterdir())
            raise ConfigError(_no_such("variant", voice.variant, known))
        # An unknown variant is accepted in silence, an unknown language is not.
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ConfigError(_no_such("language", voice.language, self._languages()))
        self._library.espeak_SetParameter(_RATE, voice.words_per_minute, 0)
        self._library.espeak_SetParameter(_PITCH, voice.pitch, 0)
        self._library.espeak_SetParameter(_RANGE, voice.pitch_range, 0)

    def _languages(self) -> list[str]:
        records = self._library.espeak_ListVoices(None)
        found: list[str] = []
        position = 0
        while records[position]:
            # A file such as ``gmw/en-US``: the folder is the language family.
            path = records[position].contents.identifier.decode("utf-8", "replace")
            found.append(path.rpartition("/")[2].lower())
            position += 1
        return sorted(set(found))


def _read_events(events: Any, text: str) -> list[SpeechEvent]:
    found: list[SpeechEvent] = []
    position = 0
    while events and events[position].type != _EVENT_END_OF_LIST:
        event = events[position]
        position += 1
        if event.type == _EVENT_WORD:
            begin = event.text_position - 1
            word = text[begin : begin + event.length]
            found.append(SpeechEvent("word", word, event.sample))
        elif event.type == _EVENT_PHONEME:
            # Eight bytes, ended by a zero only when shorter.
            phoneme = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "ignore")
            found.append(SpeechEvent("phoneme", phoneme, event.sample))
    return found


def _no_such(what: str, name: str, known: list[str]) -> str:
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = [by_folded[match] for match in get_close_matches(name.casefold(), by_folded, n=3)]
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"it has {len(known)}"
    return f"espeak-ng has no {what} {name!r}; {hint} (voices are written like 'en-us+Annie')"


_engine: EspeakEngine | None = None
_loading = threading.Lock()


def engine() -> EspeakEngine:
    """The process's engine, loaded on first use (about 3 ms).

    Raises:
        ConfigError: espeak-ng is not installed or cannot be loaded; says the command that helps.
    """
    global _engine
    with _loading:
        if _engine is None:
            _engine = EspeakEngine()
        return _engine
