"""The blueprint that the pages of this feature share."""

from flask import Blueprint

bp = Blueprint("settlement", __name__)
