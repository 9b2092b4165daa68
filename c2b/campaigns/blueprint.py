"""The shopper's pages, and the desk where wishes are judged."""

from flask import Blueprint

bp = Blueprint("campaigns", __name__)
desk = Blueprint("moderation", __name__, url_prefix="/ops/moderation")
