"""What everybody reads and writes, and the desk where reported words are judged."""

from flask import Blueprint

bp = Blueprint("community", __name__)
desk = Blueprint("words", __name__, url_prefix="/ops/words")
