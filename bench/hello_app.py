"""An application that says hello."""

from flask import Flask

app = Flask("hello")


@app.get("/")
def hello() -> str:
    """Hello."""
    return "hello"
