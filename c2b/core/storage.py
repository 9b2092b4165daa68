"""Where files are kept: content under a name, whole or not at all; in a folder, or in a bucket that speaks S3.

`C2B_FILES_URL=s3://bucket/prefix` chooses the bucket; keys, region and address come from the usual AWS_… variables.
"""

import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from c2b.config import BadConfig


def put(name: str, content: bytes) -> None:
    """Keep the content under this name; nobody ever reads half a file."""
    if (bucket := _bucket()) is not None:
        bucket.put(name, content)
        return
    path = _folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as new:
        new.write(content)
    Path(new.name).replace(path)


def read(name: str) -> bytes | None:
    """The content, or None where nothing is kept under this name."""
    try:
        if (bucket := _bucket()) is not None:
            return bytes(bucket.get(name).bytes())
        return (_folder() / name).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return None


def exists(name: str) -> bool:
    """Whether something is kept under this name."""
    if (bucket := _bucket()) is None:
        return (_folder() / name).is_file()
    try:
        bucket.head(name)
    except FileNotFoundError:
        return False
    return True


def remove(name: str) -> None:
    """Keep it no longer; nothing happens where it is gone already."""
    if (bucket := _bucket()) is None:
        (_folder() / name).unlink(missing_ok=True)
    else:
        bucket.delete(name)


def _folder() -> Path:
    return Path(current_app.config["C2B"].files_dir)


def _bucket() -> Any:
    """The bucket, connected once for each address; None where files are kept in a folder."""
    url: str = current_app.config["C2B"].files_url
    if not url:
        return None
    known: dict[str, Any] = current_app.extensions.setdefault("buckets", {})
    if url not in known:
        known[url] = _connected(url)
    return known[url]


def _connected(url: str) -> Any:
    try:
        from obstore.store import S3Store
    except ImportError:
        raise BadConfig("C2B_FILES_URL: needs the package obstore; install c2b with its extra s3") from None
    parts = urlsplit(url)
    address = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    return S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={"timeout": "30s", "allow_http": address.startswith("http://")},
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
    )
