import gzip
import re
import shutil
from pathlib import Path

import brotli
import pytest
from flask import Flask

from c2b.web.assets import FOREVER, STYLES, build_assets


@pytest.fixture
def copy(tmp_path: Path, static_folder: Path) -> Path:
    shutil.copytree(static_folder / "css", tmp_path / "css")
    (tmp_path / "img").mkdir()
    for picture in (static_folder / "img").glob("*.svg"):
        shutil.copy(picture, tmp_path / "img")
    return tmp_path


def test_the_stylesheet_has_a_new_name_only_when_a_style_changes(copy: Path) -> None:
    first, second = build_assets(copy), build_assets(copy)
    (copy / "css" / "tags.css").write_text(".tag{color:red}")

    assert first.css_name == second.css_name
    assert build_assets(copy).css_name != first.css_name


def test_the_stylesheet_has_a_new_name_when_a_picture_in_it_changes(copy: Path) -> None:
    before = build_assets(copy)
    (copy / "img" / "flame.svg").write_text("<svg/>")

    assert build_assets(copy).css_name != before.css_name


def test_every_style_file_is_in_the_stylesheet(static_folder: Path) -> None:
    printed = {"label"}  # a sheet of its own, for the page that is printed
    assert {path.stem for path in (static_folder / "css").glob("*.css")} - printed == set(STYLES)


def test_the_stylesheet_asks_for_nothing_but_our_own_pictures(static_folder: Path) -> None:
    css = build_assets(static_folder).css.decode()

    assert css.count("{") == css.count("}")
    assert set(re.findall(r"url\(([^)?]+)", css)) >= {"img/flame.svg", "img/heart.svg", "img/heart-full.svg"}
    assert len(gzip.compress(build_assets(static_folder).css)) < 16_000


def test_the_present_stylesheet_may_be_kept_for_ever_and_an_old_one_may_not(frame_app: Flask) -> None:
    client = frame_app.test_client()
    name = frame_app.extensions["assets"].css_name

    present = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})
    old = client.get("/static/app.0000000000.css")

    assert present.headers["Cache-Control"] == FOREVER
    assert present.mimetype == "text/css"
    assert gzip.decompress(present.data) == old.data
    assert old.headers["Cache-Control"] == "no-cache"


def test_a_static_file_asked_for_by_its_fingerprint_may_be_kept_for_ever(frame_app: Flask) -> None:
    version = frame_app.extensions["assets"].version("icons.svg")

    assert caching(frame_app, f"/static/icons.svg?v={version}") == FOREVER
    assert caching(frame_app, "/static/icons.svg?v=old") != FOREVER
    assert caching(frame_app, "/static/icons.svg") != FOREVER


def test_what_never_changes_is_shared_by_caches_in_between(app: Flask) -> None:
    version = app.extensions["assets"].version("icons.svg")
    with app.test_client().get(f"/static/icons.svg?v={version}") as answer:
        assert "Cookie" not in answer.vary
    with app.test_client().get("/") as answer:
        assert "Cookie" in answer.vary


def test_static_words_come_compressed_in_the_way_the_browser_likes_best(frame_app: Flask) -> None:
    client, name = frame_app.test_client(), frame_app.extensions["assets"].css_name
    for address in (f"/static/{name}", "/static/icons.svg", "/static/js/frame.js"):
        with client.get(address) as plain:
            whole = plain.data
        for header, way, unpack in (
            ("gzip, deflate, br", "br", brotli.decompress),
            ("gzip", "gzip", gzip.decompress),
            ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
            ("identity", None, bytes),
        ):
            with client.get(address, headers={"Accept-Encoding": header}) as answer:
                assert answer.headers.get("Content-Encoding") == way
                assert unpack(answer.data) == whole
                assert "Accept-Encoding" in answer.vary
                assert answer.content_length == len(answer.data)
            if mark := answer.headers.get("ETag"):
                with client.get(address, headers={"If-None-Match": mark}) as again:
                    assert again.status_code == 304
    with client.get("/static/img/logo-180.png", headers={"Accept-Encoding": "br"}) as picture:
        assert "Content-Encoding" not in picture.headers


def caching(app: Flask, address: str) -> str | None:
    with app.test_client().get(address) as response:
        return response.headers.get("Cache-Control")


def test_every_icon_that_a_template_names_is_in_the_sprite(static_folder: Path) -> None:
    there = set(re.findall(r'id="i-([a-z]+)"', (static_folder / "icons.svg").read_text()))
    templates = static_folder.parent / "templates"
    named = {
        name
        for path in templates.rglob("*.html")
        for name in re.findall(r"icon\('([a-z]+)'", path.read_text(encoding="utf-8"))
    }

    assert named
    assert named <= there


def test_no_template_carries_styles_or_scripts_of_its_own(static_folder: Path) -> None:
    templates = static_folder.parent / "templates"
    for path in templates.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if "emails" in path.parts:
            continue
        assert "<style" not in text, path
        assert not re.search(r"<script(?![^>]*(src=|application/json|application/ld\+json))", text), path
        assert not re.search(r"\son(click|change|submit|load|input)=", text), path


def test_scripts_stay_small(static_folder: Path) -> None:
    shopper = [static_folder / "js" / f"{name}.js" for name in ("toast", "countdown", "want", "pledge")]

    assert sum(len(gzip.compress(path.read_bytes())) for path in shopper) <= 6 * 1024
