"""What ``import vision_agents.core`` costs over a bare Python, in time and in modules.

    python benchmarks/import_time.py

Exits 1 when it takes more than the limit, or loads what should load when first needed. The two
are timed in turns, so that a busy machine slows both; the best of each counts.
"""

from __future__ import annotations

import subprocess
import sys
import time

MODULES = ("vision_agents.core", "vision_agents.core.avatars")
LIMIT_S = 0.15
ROUNDS = 7
HEAVY = ("aiortc", "av", "numpy")

IMPORT = f"import {', '.join(MODULES)}"
LOADED = f"{IMPORT}, sys; print(len(sys.modules), *({{*{HEAVY!r}}} & {{*sys.modules}}))"


def run(code: str) -> tuple[float, str]:
    """Seconds from start to exit of a new interpreter, and what it printed."""
    began_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE)
    return time.monotonic() - began_s, done.stdout.decode()


def main() -> int:
    run(IMPORT)  # the first run compiles to .pyc
    bare, ours = zip(*((run("")[0], run(IMPORT)[0]) for _ in range(ROUNDS)), strict=True)
    cost_s = min(ours) - min(bare)
    modules, *heavy = run(LOADED)[1].split()
    print(f"{IMPORT}: {cost_s * 1000:.0f} ms over bare Python, {modules} modules")
    print(f"  bare {min(bare) * 1000:.0f} ms, with {min(ours) * 1000:.0f} ms, best of {ROUNDS}")
    if heavy:
        print(f"  loads {', '.join(heavy)}: these may load when first needed only")
    if cost_s > LIMIT_S:
        print(f"  over the limit of {LIMIT_S * 1000:.0f} ms")
    return int(bool(heavy) or cost_s > LIMIT_S)


if __name__ == "__main__":
    raise SystemExit(main())
