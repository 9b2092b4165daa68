"""Where files are kept: content under a name, whole or not at all."""

import tempfile
from pathlib import Path

from flask import current_app


def put(name: str, content: bytes) -> None:
    """Keep the content under this name; nobody ever reads half a file."""
    path = _folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as new:
        new.write(content)
    Path(new.name).replace(path)


def read(name: str) -> bytes | None:
    """The content, or None where nothing is kept under this name."""
    try:
        return (_folder() / name).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return None


def exists(name: str) -> bool:
    """Whether something is kept under this name."""
    return (_folder() / name).is_file()


def remove(name: str) -> None:
    """Keep it no longer; nothing happens where it is gone already."""
    (_folder() / name).unlink(missing_ok=True)


def _folder() -> Path:
    return Path(current_app.config["C2B"].files_dir)
