"""The pages of the pipeline hang on this."""

from flask import Blueprint

bp = Blueprint("pipeline", __name__)
