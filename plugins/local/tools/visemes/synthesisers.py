"""Speech with known phone times from the Debian programs flite and festival."""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
import wave
from pathlib import Path
from typing import Final

from plugins.local.tools.visemes.speech import Segment, Utterance, labelled
from vision_agents.core.media.pcm import PcmData
from vision_agents.plugins.local.visemes.inventory import INDEX

_PHONES: Final = tomllib.loads(Path(__file__).with_name("phones.toml").read_text(encoding="utf-8"))

# The language whose words a festival voice can pronounce; English unless named.
FESTIVAL_LANGUAGES: Final = {
    "lp_diphone": "it",
    "pc_diphone": "it",
    "czech_dita": "pl",
    "czech_machac": "pl",
    "hy_fi_mv_diphone": "it",
    "suo_fi_lj_diphone": "it",
    "upc_ca_ona_hts": "es",
}


def visemes_of_phone(phone: str, table: str) -> tuple[int, ...]:
    """Indices of visemes; what is not in the table counts as a neutral vowel."""
    name = phone.rstrip("0123456789:")
    known: dict[str, str] = _PHONES[table]
    half = len(name) // 2
    if name not in known and name[:half] == name[half:]:
        name = name[:half]
    return tuple(INDEX[viseme] for viseme in known.get(name, "E").split())


def flite(voice: str, text: str, *, stretch: float = 1.0) -> Utterance:
    """``text`` by a flite voice, slower for a larger ``stretch``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        spoken = subprocess.run(
            ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}", "-psdur",
             "-t", text, "-o", str(path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        pcm = _read(path)
    phones = [token.rsplit(":", 1) for token in spoken.stdout.split()]
    parts = _segments([(name, float(end)) for name, end in phones], "english")
    return labelled(pcm, parts, f"flite {voice}")


def festival(voice: str, text: str) -> Utterance:
    """``text`` by a festival voice."""
    plain = "".join(symbol for symbol in text if symbol.isalnum() or symbol in " ,.?!'")
    table = "other" if voice in FESTIVAL_LANGUAGES else "english"
    with tempfile.TemporaryDirectory() as folder:
        sound, labels = Path(folder) / "speech.wav", Path(folder) / "speech.lab"
        script = (
            f'(begin (voice_{voice}) (set! u (utt.synth (Utterance Text "{plain}")))'
            f' (utt.save.wave u "{sound}") (utt.save.segs u "{labels}"))'
        )
        subprocess.run(["festival", "-b", script], capture_output=True, check=True)
        pcm = _read(sound)
        rows = labels.read_text(encoding="utf-8", errors="replace").split("#\n", 1)[1].splitlines()
    fields = [row.split() for row in rows]
    phones = [(row[2], float(row[0])) for row in fields if len(row) >= 3]
    return labelled(pcm, _segments(phones, table), f"festival {voice}")


def _read(path: Path) -> PcmData:
    with wave.open(str(path)) as file:
        return PcmData.from_bytes(file.readframes(file.getnframes()), file.getframerate())


def _segments(phones: list[tuple[str, float]], table: str) -> list[Segment]:
    begins = [0.0, *(end for _, end in phones)]
    return [
        Segment(begin, end, visemes_of_phone(name, table))
        for begin, (name, end) in zip(begins, phones, strict=False)
    ]
