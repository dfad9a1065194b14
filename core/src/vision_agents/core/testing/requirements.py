"""Programs that some tests need beside Python: a browser, a LiveKit server.

On a developer's machine a missing one skips the tests that need it and says how to get it. In CI
(the variable ``CI`` is set) it fails them: a check that silently did not run proves nothing.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def require_program(*names: str, install: str) -> str:
    """Path of the first of these programs that is on PATH.

    ``install`` is the command that gets one; the reason of the skip, or the failure, shows it.
    """
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        missing(" or ".join(names), install=install)
    return found


def missing(what: str, *, install: str) -> NoReturn:
    """Skip the test for want of ``what``; in CI, fail it."""
    text = f"{what} is not installed; get it with: {install}"
    if os.environ.get("CI"):
        pytest.fail(f"{text} (CI may not skip this)", pytrace=False)
    pytest.skip(text)
