"""Take every figure that docs/benchmarks.md quotes, and draw its plots.

    python benchmarks/proof.py [--peer-folder .nox/peer]

Runs the scripts beside this one after the other, writes their JSON to benchmarks/results, and
exits 1 naming those beyond a bar. The peer gets an environment of its own; where that cannot be
installed (no network), its figures are left out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PEER = "vision-agents==0.6.9"

STEPS: dict[str, tuple[str, ...]] = {
    "virtual": ("bars.py", "--drawn", "100"),
    "real": ("bars.py", "--clock", "real", "--seeds", "3", "--drawn", "0"),
    "cost": ("cost.py",),
    "webrtc": ("webrtc.py",),
    "concurrency": ("concurrency.py",),
    "session": ("provider_session.py",),
}
PEER_STEP = ("bars.py", "--system", "peer", "--drawn", "0", "--seeds", "2")


def install_peer(folder: Path) -> str | None:
    """The Python of an environment with the peer in it; None where it cannot be installed."""
    python = folder / "bin" / "python"
    for command in (
        ["uv", "venv", "--quiet", "--allow-existing", str(folder)],
        ["uv", "pip", "install", "--quiet", "--python", str(python), PEER],
    ):
        if subprocess.run(command, check=False).returncode:
            print(f"{PEER} cannot be installed: its figures are left out")
            return None
    return str(python)


def run(python: str, name: str, script: str, *arguments: str) -> bool:
    """Whether the script kept to its bars."""
    print(f"== {name}", flush=True)
    out = ("--out", str(RESULTS / f"{name}.json"))
    done = subprocess.run([python, str(HERE / script), *arguments, *out], check=False)
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer-folder", type=Path, default=HERE / "results" / "peer")
    given = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    peer = install_peer(given.peer_folder)
    short = []
    for name, (script, *arguments) in STEPS.items():
        if peer and name == "concurrency":
            arguments += ["--peer-python", peer]
        if not run(sys.executable, name, script, *arguments):
            short.append(name)
    if peer:  # whose falling short is no failure of ours
        run(peer, "peer", *PEER_STEP)
    subprocess.run([sys.executable, str(HERE / "plots.py")], check=True)
    print(f"beyond a bar: {', '.join(short) or 'none'}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
