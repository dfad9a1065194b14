"""What somebody sees who types ``vision-agents``."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.tests.plugin.conftest import SitePackages
from vision_agents.core import __version__
from vision_agents.core.cli.checks import check_everything, check_name
from vision_agents.core.cli.group import COMMANDS
from vision_agents.core.plugin import Registry
from vision_agents.core.testing.discovery import importable, write_distribution

if TYPE_CHECKING:
    from .conftest import Run

MAIN = "import sys; from vision_agents.core.cli import main; sys.argv[0] = 'vision-agents'; main()"
PRINT_MODULES = "sys.argv[1:] = ['{}']\ntry:\n    main()\nfinally:\n    print(sorted(sys.modules))"


def test_version(run: Run) -> None:
    assert run("--version").output == f"vision-agents-core {__version__}\n"


def test_help_has_a_line_for_every_command_and_imports_none(run: Run) -> None:
    output = run("--help").output
    assert all(f"  {name} " in output for name in COMMANDS)
    done = subprocess.run(
        [sys.executable, "-c", MAIN.replace("main()", PRINT_MODULES.format("--help"))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "'vision_agents.core.cli.group'" in done.stdout
    assert not any(f"'{entry.module}'" in done.stdout for entry in COMMANDS.values())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Usage: vision-agents {name} ")


def test_a_misspelt_command(run: Run) -> None:
    result = run("avatrs")
    assert result.exit_code == 2
    assert "no command 'avatrs'.  Did you mean 'avatars'?" in result.output


def test_a_command_that_nobody_knows(run: Run) -> None:
    assert "There are: avatars, demo, doctor" in run("zzz").output


def test_without_the_extra_it_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['click'] = None; from vision_agents.core.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        'vision-agents needs the extra "cli".  '
        'Install it with: pip install "vision-agents-core[cli]"\n'
    )


@pytest.mark.usefixtures("acme")
class TestAvatars:
    def test_a_table(self, run: Run) -> None:
        lines = run("avatars").output.splitlines()
        assert lines[0].split() == [
            "NAME", "PACKAGE", "SOUND", "PICTURE", "NEEDS", "WHAT", "IT", "IS"
        ]  # fmt: skip
        (row,) = (line for line in lines if line.startswith("acme"))
        assert re.split(r" {2,}", row) == [
            "acme, acme-old",
            "acme-avatar 1.2",
            "24 kHz mono",
            "640x360 at 25",
            "account",
            "Acme's talking head",
        ]

    @pytest.mark.usefixtures("broken")
    def test_a_broken_one_has_its_reason_below(self, run: Run) -> None:
        output = run("avatars").output
        assert "acme, acme-old" in output
        assert "\n\nbroken does not work: the avatar 'broken' from broken-avatar 1.0" in output
        assert "division by zero" in output

    def test_a_name_that_two_claim_is_said_once(self, run: Run, tmp_path: Path) -> None:
        for distribution in ("one-avatar", "two-avatar"):
            SitePackages(tmp_path).add_good(distribution, name="twin", keys=("twin",))
        with importable(tmp_path):
            output = run("avatars").output
        assert output.count("twin does not work: the avatar name 'twin' is claimed by") == 1

    @pytest.mark.usefixtures("broken")
    def test_json(self, run: Run) -> None:
        rows = {row["name"]: row for row in json.loads(run("avatars", "--json").output)}
        acme = rows["acme"]
        assert (acme["distribution"], acme["version"], acme["api"]) == ("acme-avatar", "1.2", 1)
        assert acme["aliases"] == ["acme-old"]
        assert acme["capabilities"]["sample_rate_hz"] == 24000
        assert acme["settings"][0] == {
            "name": "api_key",
            "environment": "ACME_API_KEY",
            "required": True,
            "secret": True,
            "default": None,
            "help": "from the Acme console",
        }
        assert "division by zero" in rows["broken"]["problem"]

    def test_it_imports_the_records_and_nothing_behind_them(self) -> None:
        code = MAIN.replace("main()", PRINT_MODULES.format("avatars"))
        path = os.pathsep.join(sys.path)
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert "'acme.hooks'" in done.stdout
        for heavy in ("acme.avatar", "acme.extras", "av", "numpy", "asyncio", "rich"):
            assert f"'{heavy}'" not in done.stdout


def test_nothing_installed_says_what_to_install() -> None:
    code = f"import importlib.metadata as m; m.entry_points = lambda **k: ()\n{MAIN}"
    done = subprocess.run(
        [sys.executable, "-c", code, "voices"], capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        'No voice is installed.  Install one with:\n  pip install "vision-agents-local[tts]"\n'
    )


@pytest.mark.usefixtures("acme")
class TestDoctor:
    def test_a_missing_key(self, run: Run) -> None:
        result = run("doctor", "acme")
        assert result.exit_code == 1
        assert "FAIL  setting api_key: not set\n" in result.output
        assert (
            '-> export ACME_API_KEY=... or {"name": "acme", "api_key": ...}'
            "  (from the Acme console)"
        ) in result.output

    def test_all_is_well(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ACME_API_KEY", "geheim-12345")
        result = run("doctor", "acme-old")
        assert result.exit_code == 0, result.output
        for line in (
            "ok    avatar acme: Acme's talking head: contract version 1",
            "ok    setting api_key: set",
            "ok    setting fps: default 25",
            "ok    can be built: AcmeAvatar",
            "?     server 127.0.0.1: not tried\n      -> add --online to try",
            "ok    face",
            "All is well.",
        ):
            assert line in result.output
        assert "geheim" not in result.output

    def test_a_wrong_value_in_the_environment(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ACME_API_KEY", "k")
        monkeypatch.setenv("ACME_FPS", "fast")
        result = run("doctor", "acme")
        assert result.exit_code == 1
        assert (
            "FAIL  setting fps: environment variable ACME_FPS must be int, and 'fast'"
            in result.output
        )

    def test_the_plugins_own_checks(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ACME_API_KEY", "k")
        monkeypatch.setenv("ACME_FPS", "24")
        assert "FAIL  face\n      -> export ACME_FPS=25" in run("doctor", "acme").output
        monkeypatch.setenv("ACME_FPS", "100")
        assert (
            "FAIL  the plugin's own checks: acme.extras:doctor raised OverflowError: too many"
        ) in run("doctor", "acme").output

    def test_an_unknown_name(self, run: Run) -> None:
        result = run("doctor", "amce")
        assert result.exit_code == 1
        assert "FAIL  avatar amce: no avatar named 'amce'" in result.output
        assert "Did you mean 'acme'?" in result.output

    @pytest.mark.usefixtures("broken")
    def test_everything(self, run: Run) -> None:
        result = run("doctor")
        assert result.exit_code == 1
        assert "ok    avatar acme (acme-avatar 1.2)" in result.output
        assert "FAIL  avatar broken (broken-avatar 1.0): " in result.output

    def test_json(self, run: Run) -> None:
        checks = json.loads(run("doctor", "acme", "--json").output)
        assert {"what": "setting api_key", "ok": False, "detail": "not set"}.items() <= next(
            check for check in checks if check["what"] == "setting api_key"
        ).items()

    async def test_online_reaches_for_the_servers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setenv("ACME_API_KEY", "k")
            monkeypatch.setenv("ACME_URL", f"http://127.0.0.1:{port}")
            checks = await check_name("acme", online=True)
            (check,) = (check for check in checks if check.what == "server 127.0.0.1")
            assert (check.ok, check.detail) == (True, f"port {port} answers")
        checks = await check_name("acme", online=True)  # nobody listens there any more
        (check,) = (check for check in checks if check.what == "server 127.0.0.1")
        assert check.ok is False
        assert check.remedy == "is the address right, and the network up?"

    async def test_an_address_that_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ACME_API_KEY", "k")
        monkeypatch.setenv("ACME_URL", "somewhere")
        checks = await check_name("acme", online=True)
        (check,) = (check for check in checks if check.what == "server somewhere")
        assert check.detail == "'somewhere' is no URL"


async def test_a_bare_installation_is_well() -> None:
    (check,) = await check_everything(Registry(()))
    assert check.ok
    assert check.what.startswith(f"vision-agents-core {__version__}, Python 3.")


@pytest.mark.usefixtures("acme")
class TestSandbox:
    def test_a_program_runs_with_the_variables_set(self, run: Run) -> None:
        code = "import os, sys; sys.exit(os.environ['ACME_URL'] != 'http://127.0.0.1:77')"
        result = run("sandbox", "acme", "--port", "77", "--", sys.executable, "-c", code)
        assert result.exit_code == 0, result.output

    def test_its_status_is_ours(self, run: Run) -> None:
        result = run("sandbox", "acme", "--", sys.executable, "-c", "raise SystemExit(7)")
        assert result.exit_code == 7

    def test_a_program_that_is_not_there(self, run: Run) -> None:
        result = run("sandbox", "acme", "--", "no-such-program")
        assert result.exit_code == 1
        assert "cannot run 'no-such-program': No such file or directory" in result.output

    def test_an_unknown_fault(self, run: Run) -> None:
        result = run("sandbox", "acme", "--fault", "fire", "--", "true")
        assert result.exit_code == 2
        assert "no fault named 'fire'; there are: slow" in result.output

    def test_it_prints_the_variables_and_waits_for_ctrl_c(self) -> None:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(
            [sys.executable, "-c", MAIN, "sandbox", "acme"],
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        ) as process:
            assert process.stdout
            lines = [process.stdout.readline() for _ in range(6)]
            process.send_signal(2)
            assert process.wait(10) == 0
        assert lines[2:4] == [
            "  export ACME_URL=http://127.0.0.1:4242\n",
            "  export ACME_API_KEY='a key'\n",
        ]
        assert lines[5] == "Ctrl-C ends it.\n"


def test_an_avatar_without_a_sandbox(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("plain")
    hooks = """
        from vision_agents.core.plugin import AvatarProvider, Settings
        def vision_agents_avatar_provider():
            return AvatarProvider(
                name="plain", api=1, summary="", settings=Settings, factory=object)
    """
    write_distribution(
        folder,
        "plain-avatar",
        entry_points={"vision_agents.avatars": {"plain": "plain.hooks"}},
        modules={"plain.hooks": hooks},
    )
    with importable(folder):
        result = run("sandbox", "plain")
    assert result.exit_code == 1
    assert "the avatar 'plain' has no sandbox; those that have: " in result.output
