"""What a result was made with: code revision, lock, interpreter and machine."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from flows.outputs import file_digest
from flows.settings import checkout

_NAMED = ("numpy", "pandas", "scipy", "scikit-learn", "arch", "torch", "lightning", "mlflow")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a result comes from, apart from data, settings and seeds.

    Attributes
    ----------
    revision : str
        Commit of the checkout; ``unknown`` outside of one.
    dirty : bool
        Whether tracked files differ from the commit, or nobody can tell.
    lock : str
        SHA-256 of ``infra/requirements.lock``; ``absent`` where there is none.
    python, machine : str
    packages : dict of str to str
        Installed versions of the libraries that make the numbers.
    """

    revision: str
    dirty: bool
    lock: str
    python: str
    machine: str
    packages: dict[str, str]

    def as_dict(self) -> dict[str, object]:
        """Plain values, as they go into JSON."""
        return asdict(self)


def provenance() -> Provenance:
    """Describe the checkout and the environment this process runs in."""
    root = checkout()
    revision = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    lock = root / "infra" / "requirements.lock"
    return Provenance(
        revision=revision or "unknown",
        dirty=revision is None or changes is None or changes != "",
        lock=file_digest(lock) if lock.is_file() else "absent",
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}",
        packages={name: found for name in _NAMED if (found := _installed(name)) is not None},
    )


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
