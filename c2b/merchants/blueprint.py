"""The pages of firms and of certification hang on these."""

from flask import Blueprint

bp = Blueprint("merchants", __name__)
certification = Blueprint("certification", __name__)
