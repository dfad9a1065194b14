#!/usr/bin/env python3
"""Two commands from a clean clone: ``python3 dev.py demo`` and ``python3 dev.py test``.

Needs Python 3.11 or newer with pip, and nothing else: no venv module, no write access to the
system's packages. uv is fetched into ``.tools/`` (the project's own environment stays free of it),
and uv makes every other environment.

This file imports the standard library only and parses on older Pythons, so that it can say what
is missing instead of failing with a syntax error.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "constraints.txt"

# Pinned here because they are fetched before any environment exists that could pin them.
UV = "0.13.9"
NOX = "2026.10.20"

OLDEST_PYTHON = (3, 11)
WINDOWS = os.name == "nt"
SCRIPTS = "Scripts" if WINDOWS else "bin"

# What the demo runs on, and what a developer works with.
DEMO = ["core[cli]", "plugins/local[tts]", "plugins/web"]


def say(text: str) -> None:
    print(f"dev: {text}", file=sys.stderr, flush=True)


class Failed(Exception):
    """A step did not work; the text says which and what mends it."""


def run(command: Sequence[str], why: str) -> None:
    """Run one preparing step; its output is the user's to see only when it fails."""
    done = subprocess.run(command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failed(f"{why} failed (exit {done.returncode}):\n{done.stderr.strip()}")


def environment() -> dict[str, str]:
    """The environment of every step: our uv first on PATH, no Python downloaded behind our back."""
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join([str(uv_path().parent), env.get("PATH", os.defpath)])
    env["UV_PYTHON_DOWNLOADS"] = "never"
    # pip settings of the user that contradict --target.
    env["PIP_USER"] = "0"
    env["PIP_REQUIRE_VIRTUALENV"] = "0"
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    # An active environment is not ours to fill.
    env.pop("VIRTUAL_ENV", None)
    if "UV_CACHE_DIR" not in env and not home_is_writable():
        env["UV_CACHE_DIR"] = str(TOOLS / "cache")
    return env


def home_is_writable() -> bool:
    try:
        home = Path.home()
    except RuntimeError:  # no HOME and no entry in the user database
        return False
    return os.access(home, os.W_OK)


def uv_path() -> Path:
    # The version is in the path: a newer pin installs afresh beside the old one.
    return TOOLS / f"uv-{UV}" / "bin" / ("uv.exe" if WINDOWS else "uv")


def ensure_uv() -> str:
    """Fetch uv with pip into its own folder, once; return its path.

    ``--target`` works where the system's Python is externally managed (PEP 668) and where Debian
    has split off venv and ensurepip, because it touches no environment at all.
    """
    uv = uv_path()
    if uv.exists():
        return str(uv)
    if not pip_is_there():
        raise Failed(
            f"{sys.executable} has no pip, which is needed once to fetch uv.\n"
            "Install it (Debian, Ubuntu: apt install python3-pip; Fedora: dnf install\n"
            "python3-pip) and run the same command again."
        )
    say(f"fetching uv {UV} into {TOOLS.name}/ (once)")
    TOOLS.mkdir(exist_ok=True)
    target = uv.parent.parent
    # Installed aside and renamed: an interrupted or a second run at the same time leaves no half.
    with tempfile.TemporaryDirectory(dir=TOOLS) as scratch:
        half = Path(scratch) / "uv"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        run([*pip, "--target", str(half), f"uv=={UV}"], "fetching uv")
        if not target.exists():
            half.rename(target)
    return str(uv)


def pip_is_there() -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--version"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return done.returncode == 0


def ensure_environment(requirements: Sequence[str], *, groups: Sequence[str] = ()) -> Path:
    """Bring ``.venv`` up to having these workspace folders installed; return its scripts folder."""
    uv = ensure_uv()
    scripts = VENV / SCRIPTS
    if not scripts.exists():
        say(f"making the environment {VENV.name}/ (once)")
        run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)], "making .venv")
    say("installing what the project needs (minutes the first time, a moment afterwards)")
    command = [uv, "pip", "install", "--python", str(VENV), "--constraint", str(CONSTRAINTS)]
    for requirement in requirements:
        command += ["--editable", requirement]
    for group in groups:
        command += ["--group", group]
    # Not captured: uv shows its own progress.
    if subprocess.run(command, cwd=ROOT, env=environment()).returncode:
        raise Failed(f"installing failed; the command was\n  {shlex.join(command)}")
    return scripts


def workspace() -> list[str]:
    """Every distribution of the workspace with all its extras, as uv wants it for --editable."""
    folders = ["core", *sorted(p.parent.name for p in ROOT.glob("plugins/*/pyproject.toml"))]
    return [with_extras("core" if name == "core" else f"plugins/{name}") for name in folders]


def with_extras(folder: str) -> str:
    import tomllib  # 3.11; imported late so that an older Python reaches the message in main()

    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    extras = ",".join(project.get("optional-dependencies", {}))
    return f"{folder}[{extras}]" if extras else folder


def demo(rest: Sequence[str]) -> int:
    scripts = ensure_environment(DEMO)
    return hand_over([str(scripts / "vision-agents"), "demo", *rest])


def setup(rest: Sequence[str]) -> int:
    scripts = ensure_environment([*workspace(), *rest], groups=["dev"])
    say(f"ready: {scripts / 'python'} has every distribution and the developer's tools")
    return 0


def nox(rest: Sequence[str]) -> int:
    uv = ensure_uv()
    return hand_over([uv, "tool", "run", "--quiet", "--python", sys.executable,
                      "--from", f"nox=={NOX}", "nox", *rest])  # fmt: skip


def test(rest: Sequence[str]) -> int:
    say("every distribution is tested in an environment of its own (some minutes)")
    rest = rest[1:] if rest[:1] == ["--"] else rest
    return nox(["--session", "tests", "--", *rest])


def hand_over(command: Sequence[str]) -> int:
    """Run the command in the foreground and answer with its exit status.

    Ctrl-C reaches the child too (same process group): wait for it to end in its own way.
    """
    with subprocess.Popen(command, cwd=ROOT, env=environment()) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue


COMMANDS = {
    "demo": (demo, "open a page on this machine where an avatar says what you type"),
    "test": (test, "run every test (arguments go to pytest)"),
    "setup": (setup, "fill .venv with everything a developer needs"),
    "nox": (nox, "run nox sessions: dev.py nox -s lint types; dev.py nox --list"),
}


def main(arguments: Sequence[str]) -> int:
    if sys.version_info < OLDEST_PYTHON:
        say(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}")
        return 2
    parser = argparse.ArgumentParser(prog="dev.py", description=(__doc__ or "").split("\n\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (function, text) in COMMANDS.items():
        # Everything after the command belongs to what it starts, --help included.
        command = commands.add_parser(name, help=text, description=text, add_help=False)
        command.set_defaults(function=function)
    known, rest = parser.parse_known_args(arguments)
    try:
        return int(known.function(rest))
    except Failed as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
