"""A mistake in the settings stops the start with one line."""

import pytest

from c2b.config import BadConfig, load


@pytest.mark.parametrize(
    ("environ", "named", "form"),
    [
        ({"C2B_PORT": "eighty"}, "C2B_PORT", "1 to 65535"),
        ({"C2B_PORT": "０"}, "C2B_PORT", "1 to 65535"),
        ({"C2B_PORTS": "80"}, "C2B_PORTS", "C2B_PORT?"),
        ({"C2B_DATABASE_URL": "mysql://x/y"}, "C2B_DATABASE_URL", "sqlite:///"),
        ({"C2B_DATABASE_URL": "not an address"}, "C2B_DATABASE_URL", "sqlite:///"),
        ({"C2B_DEMO": "maybe"}, "C2B_DEMO", "1 or 0"),
        ({"C2B_MAIL": "pigeon"}, "C2B_MAIL", "mailbox, smtp"),
        ({"C2B_MAIL": "sendgrid"}, "C2B_SENDGRID_API_KEY", "expected the key"),
        ({"C2B_MAIL": "smtp"}, "C2B_SMTP_URL", "smtp://"),
        ({"C2B_BASE_URL": "shop.example"}, "C2B_BASE_URL", "http://"),
        ({"C2B_ENVIRONMENT": "production"}, "C2B_SECRET_KEY", "at least 32"),
        ({"C2B_ENVIRONMENT": "production", "C2B_SECRET_KEY": "short"}, "C2B_SECRET_KEY", "at least 32"),
        ({"C2B_GATEWAY": "stripe"}, "C2B_STRIPE_KEY", "sk_"),
        ({"C2B_GATEWAY": "stripe", "C2B_STRIPE_KEY": "sk_test_1"}, "C2B_STRIPE_WEBHOOK_SECRETS", "whsec_"),
        ({"C2B_STRIPE_KEY": "pk_test_1"}, "C2B_STRIPE_KEY", "sk_ or rk_"),
        ({"C2B_STRIPE_WEBHOOK_SECRETS": "whsec_1,secret"}, "C2B_STRIPE_WEBHOOK_SECRETS", "commas"),
        ({"C2B_GATEWAY": "paypal"}, "C2B_GATEWAY", "sandbox, sandbox_server, stripe"),
        ({"C2B_GATEWAY": "sandbox_server"}, "C2B_SANDBOX_URL", "http://127.0.0.1"),
        ({"C2B_SANDBOX_URL": "localhost:1"}, "C2B_SANDBOX_URL", "http://"),
        ({"C2B_SANDBOX_SECRETS": " , "}, "C2B_SANDBOX_SECRETS", "a secret"),
        ({"C2B_PROVIDER_RATE": "fast"}, "C2B_PROVIDER_RATE", "requests per second"),
        ({"C2B_PROVIDER_RATE": "-1"}, "C2B_PROVIDER_RATE", "requests per second"),
        ({"C2B_PROVIDER_RATE": "nan"}, "C2B_PROVIDER_RATE", "requests per second"),
        ({"C2B_PROVIDER_RATE": "1001"}, "C2B_PROVIDER_RATE", "at most 1000"),
        ({"C2B_PROVIDER_RATE": "."}, "C2B_PROVIDER_RATE", "requests per second"),
        ({"C2B_STRIPE_API": "localhost:1"}, "C2B_STRIPE_API", "http://"),
    ],
)
def test_a_mistake_names_its_key_and_the_expected_form(environ, named, form):
    with pytest.raises(BadConfig) as mistake:
        load(environ)
    line = str(mistake.value)
    assert line.startswith(f"{named}: ")
    assert form in line
    assert "\n" not in line


PRODUCTION = {
    "C2B_ENVIRONMENT": "production",
    "C2B_SECRET_KEY": "x" * 40,
    "C2B_BASE_URL": "https://muster.example",
    "C2B_DATABASE_URL": "postgresql://c2b@db/c2b",
    "C2B_MAIL": "smtp",
    "C2B_SMTP_URL": "smtp://mail.example:587",
    "C2B_GATEWAY": "stripe",
    "C2B_STRIPE_KEY": "sk_live_hunter2",
    "C2B_STRIPE_WEBHOOK_SECRETS": "whsec_hunter2",
}


def test_a_complete_production_configuration_is_taken():
    config = load(PRODUCTION)
    assert config.production
    assert config.database_url.startswith("postgresql+psycopg://")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("C2B_BASE_URL", "http://muster.example"),
        ("C2B_DEMO", "1"),
        ("C2B_MAIL", "mailbox"),
        ("C2B_GATEWAY", "sandbox_server"),
        ("C2B_GATEWAY", "sandbox"),
    ],
)
def test_production_refuses_what_is_only_for_development(key, value):
    with pytest.raises(BadConfig, match=key):
        load({**PRODUCTION, key: value})


STRIPE = {
    "C2B_GATEWAY": "stripe",
    "C2B_STRIPE_KEY": "sk_live_hunter2",
    "C2B_STRIPE_WEBHOOK_SECRETS": "whsec_hunter2, whsec_hunter3,",
}


def test_stripe_is_switched_on_with_its_key_and_the_secrets_of_its_webhooks():
    config = load({**PRODUCTION, **STRIPE})
    assert config.stripe_webhook_secrets == ("whsec_hunter2", "whsec_hunter3")
    assert "hunter" not in repr(config)


def test_production_talks_to_stripe_itself():
    with pytest.raises(BadConfig, match="C2B_STRIPE_API"):
        load({**PRODUCTION, **STRIPE, "C2B_STRIPE_API": "http://127.0.0.1:8420"})


def test_the_pace_and_the_sandboxes_secrets_are_read():
    config = load({"C2B_PROVIDER_RATE": "2.5", "C2B_SANDBOX_SECRETS": "old, new"})
    assert (config.provider_rate, config.sandbox_secrets) == (2.5, ("old", "new"))
    assert load({}).provider_rate is None


def test_no_secret_is_repeated_in_a_complaint():
    with pytest.raises(BadConfig) as mistake:
        load({"C2B_DATABASE_URL": "mysql://root:hunter2@db/x"})
    assert "hunter2" not in str(mistake.value)


def test_the_settings_of_the_test_suite_are_no_typing_mistakes():
    load({"C2B_TEST_STRICT": "1", "C2B_SECRET_KEY": "x"})
