"""Everything that is checked, one session each: ``python3 dev.py nox --list``.

Sessions install with uv into environments of their own and take versions from constraints.txt;
``compat`` and ``minimums`` are there to leave them.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "tests"]

ROOT = Path(__file__).parent
CONSTRAINTS = ("--constraint", str(ROOT / "constraints.txt"))
PYTEST = ("python", "-m", "pytest")

# Tests of what several distributions do together; wheels, compat and clean_clone have sessions.
SPANNING = ("tests/workspace", "tests/cli", "tests/e2e")

# name -> folder, for every distribution of the workspace
DISTRIBUTIONS = {
    "core": "core",
    **{
        path.parent.name: f"plugins/{path.parent.name}"
        for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))
    },
}
PLUGINS = [name for name in DISTRIBUTIONS if name != "core"]


def pyproject(folder: str) -> dict[str, object]:
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))


def with_extras(folder: str) -> str:
    """``plugins/local`` -> ``plugins/local[tts]``: a folder and all its extras."""
    project = pyproject(folder)["project"]
    assert isinstance(project, dict)
    extras = ",".join(project.get("optional-dependencies", {}))
    return f"{folder}[{extras}]" if extras else folder


def test_groups(folder: str) -> list[str]:
    """What any test may use, and what this distribution's own group ``test`` adds."""
    groups = ["--group", "pyproject.toml:test"]
    if "test" in pyproject(folder).get("dependency-groups", ()):  # type: ignore[operator]
        groups += ["--group", f"{folder}/pyproject.toml:test"]
    return groups


def install_workspace(session: nox.Session, *more: str) -> None:
    editable = [
        argument
        for folder in DISTRIBUTIONS.values()
        for argument in ("--editable", with_extras(folder))
    ]
    session.install(*CONSTRAINTS, *editable, *more)


def run_tests(session: nox.Session, *folders: str) -> None:
    """pytest; in CI, tests that failed run once more, and must pass then.

    A machine that is shared can starve a test that runs in real time; a fault of the code is there
    again. Anything but failed tests, such as a crash, fails at once.
    """
    command = (*PYTEST, *folders, *session.posargs)
    again = bool(os.environ.get("CI"))
    if not again:
        session.run(*command)
        return
    session.run(*command, "--cache-clear", success_codes=[0, 1])
    if failed_before(folders):
        session.warn("tests failed; they run once more")
        session.run(*command, "--last-failed")


def failed_before(folders: tuple[str, ...]) -> bool:
    """Whether the last run of pytest has noted failed tests in these folders."""
    noted = ROOT / ".pytest_cache/v/cache/lastfailed"
    tests = json.loads(noted.read_text(encoding="utf-8")) if noted.exists() else {}
    return any(test.startswith(folders) for test in tests)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format of every Python file."""
    session.install(*CONSTRAINTS, "--group", "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict over source and tests; the folders stand in pyproject.toml."""
    install_workspace(session, "--group", "dev")
    session.run("mypy", *session.posargs)


@nox.session
@nox.parametrize("distribution", [*DISTRIBUTIONS, "workspace"], ids=[*DISTRIBUTIONS, "workspace"])
def tests(session: nox.Session, distribution: str) -> None:
    """Each distribution alone, with what it requires and nothing else; then what spans them."""
    if distribution == "workspace":
        install_workspace(session, "--group", "pyproject.toml:test")
        run_tests(session, *SPANNING)
        return
    folder = DISTRIBUTIONS[distribution]
    core = ("--editable", "core[cli,testing]")
    own = ("--editable", with_extras(folder)) if distribution != "core" else ()
    session.install(*CONSTRAINTS, *core, *own, *test_groups(folder))
    run_tests(session, f"{folder}/tests")


@nox.session
def examples(session: nox.Session) -> None:
    """The examples; a stranger's wheel and a freshly scaffolded package in clean environments."""
    packages = [str(p.parent.relative_to(ROOT)) for p in ROOT.glob("examples/*/pyproject.toml")]
    editable = [argument for package in packages for argument in ("--editable", package)]
    install_workspace(session, *editable, "--group", "pyproject.toml:test")
    session.run(*PYTEST, "examples", "tests/strangers", *session.posargs)


@nox.session
def wheels(session: nox.Session) -> None:
    """Build every wheel; each installs and imports in an empty environment, alone and combined."""
    session.install(*CONSTRAINTS, "-e", "core", "--group", "pyproject.toml:test", "packaging")
    folder = Path(session.create_tmp()) / "wheels"
    shutil.rmtree(folder, ignore_errors=True)
    for distribution in DISTRIBUTIONS.values():
        session.run(
            "uv", "build", "--quiet", "--wheel", "--out-dir", str(folder), distribution,
            external=True,
        )  # fmt: skip
    session.run(*PYTEST, "tests/wheels", "--wheels", str(folder), *session.posargs)


@nox.session
def compat(session: nox.Session) -> None:
    """The documented example, as users wrote it, beside the real getstream package.

    getstream 7.0 pins older aiortc, av and numpy than we develop with, so it has an environment of
    its own and stands in no extra and no group of ours.
    """
    session.install("--editable", "core[testing]", "getstream[webrtc]==7.0.*")
    session.run(*PYTEST, "tests/compat", *session.posargs)


@nox.session
def clean_clone(session: nox.Session) -> None:
    """The README's first command, from a clone of the last commit and with an empty home."""
    page = ("--editable", "core", "--editable", "plugins/web")
    session.install(*CONSTRAINTS, *page, "--group", "pyproject.toml:test")
    session.run(*PYTEST, "tests/clean_clone", *session.posargs)


@nox.session
@nox.parametrize("distribution", list(DISTRIBUTIONS), ids=list(DISTRIBUTIONS))
def minimums(session: nox.Session, distribution: str) -> None:
    """Each distribution with the oldest version of everything it admits."""
    folder = DISTRIBUTIONS[distribution]
    own = ("--editable", with_extras(folder)) if distribution != "core" else ()
    # --upgrade, or an environment that is used again keeps what is newer than the lowest.
    session.install(
        "--upgrade", "--resolution", "lowest-direct", "--editable", "core[cli,testing]", *own,
        *test_groups(folder),
    )  # fmt: skip
    session.run(*PYTEST, f"{folder}/tests", *session.posargs)


@nox.session
def bars(session: nox.Session) -> None:
    """Figures with a limit: lip-sync and barge-in in virtual time, and what importing costs."""
    session.install(*CONSTRAINTS, "--editable", "core")
    session.run("python", "benchmarks/import_time.py")
    session.run("python", "benchmarks/bars.py", *session.posargs)


@nox.session
def proof(session: nox.Session) -> None:
    """Minutes-long tests and the figures that documents quote, printed for people to read."""
    install_workspace(session, "--group", "pyproject.toml:test", "matplotlib")
    session.run(*PYTEST, "-m", "proof", "-s", *session.posargs)
    session.run("python", "benchmarks/proof.py", "--peer-folder", session.create_tmp() + "/peer")


@nox.session
def constraints(session: nox.Session) -> None:
    """Take the newest versions of everything and write them to constraints.txt."""
    session.run("uv", "lock", "--quiet", "--upgrade", external=True)
    exported = session.run(
        "uv", "export", "--quiet", "--all-packages", "--all-extras", "--all-groups",
        "--no-hashes", "--no-emit-workspace", "--no-annotate", "--no-header",
        external=True, silent=True,
    )  # fmt: skip
    note = "# The versions everything is developed and tested with. Made by: "
    text = f"{note}python3 dev.py nox -s constraints\n{exported}"
    (ROOT / "constraints.txt").write_text(text, encoding="utf-8")
