"""What a web server is started with, and whom it takes for the one who asks."""

import pytest
from flask import Flask, request

from c2b.config import BadConfig, load
from c2b.serving import behind_proxies, settings, web_command


def configured(**environ):
    return load({"C2B_SECRET_KEY": "not a secret"} | environ)


def option(config, name):
    words = web_command(config)
    return words[words.index(name) + 1]


def test_sqlite_has_one_web_worker_and_postgresql_one_per_core_unless_said_otherwise(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    server = {"C2B_DATABASE_URL": "postgresql+psycopg://c2b@/c2b"}
    assert option(configured(), "--workers") == "1"
    assert option(configured(**server), "--workers") == "6"
    assert option(configured(C2B_WEB_WORKERS="3", C2B_WEB_THREADS="8", **server), "--workers") == "3"
    assert option(configured(C2B_WEB_THREADS="8"), "--blocking-threads") == "8"


def test_connections_that_are_kept_open_do_not_take_the_places_of_others():
    config = configured()
    assert int(option(config, "--backpressure")) > 10 * config.web_threads


@pytest.mark.parametrize(("proxies", "seen"), [("0", "10.0.0.1"), ("1", "203.0.113.9")])
def test_who_asks_is_known_through_as_many_proxies_as_there_are(proxies, seen):
    app = Flask(__name__)
    app.config["C2B"] = configured(C2B_PROXIES=proxies)
    app.get("/")(lambda: str(request.remote_addr))
    behind_proxies(app)
    answer = app.test_client().get(
        "/",
        headers={"X-Forwarded-For": "198.51.100.7, 203.0.113.9"},
        environ_base={"REMOTE_ADDR": "10.0.0.1"},
    )
    assert answer.text == seen


def test_a_broker_is_one_that_is_known_and_its_password_is_not_shown():
    with pytest.raises(BadConfig, match="C2B_BROKER_URL: expected redis://"):
        configured(C2B_BROKER_URL="amqp://hunter2@somewhere")
    lines = settings(configured(C2B_BROKER_URL="redis://:hunter2@queue:6379/0"))
    assert "C2B_BROKER_URL=redis://:***@queue:6379/0" in lines
