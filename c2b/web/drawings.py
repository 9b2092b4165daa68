"""Charts for templates of features that stand below the frame and cannot import it."""

from flask import Flask

from c2b.web.charts import spark
from c2b.web.trends import heatmap, trend


def register(app: Flask) -> None:
    """Let templates draw: `spark(values, label)`, `trend(days, values, before, label)`, `heatmap(rows, label)`."""
    app.jinja_env.globals.update(spark=spark, trend=trend, heatmap=heatmap)
