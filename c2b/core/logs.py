"""How the program writes its log: coloured lines on a terminal, else one JSON object per line; a request has an id."""

import logging
import re
import secrets
import sys
from typing import Any

import structlog
from flask import Flask, Response, request

HEADER = "X-Request-ID"
log = structlog.get_logger()

SANE = re.compile(r"[A-Za-z0-9_-]{8,64}")


def configure(log_level: str) -> None:
    """Send our own and the libraries' log to stderr, from this severity on."""
    severity = logging.getLevelNamesMapping()[log_level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    pretty = sys.stderr.isatty()
    last: list[Any] = (
        [
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        ]  # no values of variables
        if pretty
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(severity, logging.WARNING), force=True)


def register(app: Flask) -> None:
    """Configure the log (tests keep their own) and give every request an id, which the answer carries too."""
    if app.config["C2B"].environment != "test":
        configure(app.config["C2B"].log_level)
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        request_id=given if SANE.fullmatch(given) else secrets.token_hex(8)
    )


def _end(response: Response) -> Response:
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if request_id:
        response.headers[HEADER] = request_id
    return response
