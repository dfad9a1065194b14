"""Records and hook specifications: checked, light, and their examples run."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

from vision_agents.core.plugin import Capabilities, Settings, construct, hookspecs


def test_examples_in_the_hook_specifications_run() -> None:
    result = doctest.testmod(hookspecs)
    assert result.attempted >= 8
    assert result.failed == 0


@pytest.mark.parametrize("name", ["sample_rate_hz", "channels", "first_chunk_s", "chunk_s"])
def test_capabilities_refuse_what_cannot_be(name: str) -> None:
    wrong: dict[str, int] = {name: 0}
    with pytest.raises(ValueError, match=rf"Capabilities.{name} must be positive, not 0"):
        Capabilities(**wrong)  # type: ignore[arg-type]  # one name at a time


def test_a_factory_says_what_it_would_build() -> None:
    factory = construct("fractions:Fraction")
    assert "construct('fractions:Fraction')" in repr(factory)
    with pytest.raises(ValueError, match="'fractions' is not of the form"):
        construct("fractions")(Settings())


def test_what_a_hooks_module_imports_is_light() -> None:
    code = (
        "import sys, vision_agents.core.plugin, vision_agents.core.plugin.registry\n"
        "heavy = {'av', 'numpy', 'aiortc', 'aiohttp', 'asyncio', 'difflib'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
