"""The kit's public names resolve, and naming the package loads none of them."""

from __future__ import annotations

import subprocess
import sys

from vision_agents.core import testing


def test_every_public_name_resolves() -> None:
    assert [name for name in testing.__all__ if not hasattr(testing, name)] == []


def test_the_package_itself_is_light() -> None:
    code = (
        "import sys, vision_agents.core.testing\nprint(*{'av', 'numpy', 'pytest'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
