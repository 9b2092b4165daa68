"""Files ahead of their form, and pictures put in order, turned and cut by plain buttons."""

import io
import re

import pytest
from flask_wtf import FlaskForm

from c2b.core.files import picture_size, save_picture
from c2b.core.uploads import PaperField, PictureField, Spec, Upload
from tests.core.test_files import bomb, halves, picture


@pytest.fixture(params=["sqlite"])
def database(request):
    """What is kept is no row."""
    return request.param


class Form(FlaskForm):
    pictures = PictureField("Pictures", most=3, alt=True)
    paper = PaperField("Paper")


@pytest.fixture
def sent(app):
    """The form as it reads what was sent."""
    app.config["WTF_CSRF_ENABLED"] = False

    def read(**data):
        with app.test_request_context("/", method="POST", data=data):
            form = Form()
            return form, form.validate(), form.pictures()

    return read


@pytest.fixture
def three(app):
    refs = [
        save_picture(picture(100 + n, 80, colour=colour)) for n, colour in enumerate(("red", "green", "blue"))
    ]
    return [Upload(ref, f"{n}.png").token for n, ref in enumerate(refs)]


def names(form):
    return [upload.name for upload in form.pictures.data]


def test_pictures_change_places_and_nothing_is_sent_off(sent, three):
    shown = {"pictures-there": three, "pictures-kept": three, "pictures-alt": ["one", "", "three"]}
    form, fine, page = sent(**shown)
    assert (fine, names(form), [upload.alt for upload in form.pictures.data]) == (
        True,
        ["0.png", "1.png", "2.png"],
        ["one", "", "three"],
    )
    for verb, at, order in (
        ("earlier", 2, "021"),
        ("later", 0, "102"),
        ("earlier", 0, "012"),
        ("later", 2, "012"),
    ):
        form, fine, page = sent(**shown, **{"pictures-do": f"{verb}:{three[at]}"})
        assert not fine
        assert form.errors == {}
        assert names(form) == [f"{n}.png" for n in order], (verb, at)
        assert re.findall(r'value="(one|three)"', page) == [
            w for n in order if (w := {"0": "one", "2": "three"}.get(n))
        ]
    form, fine, _page = sent(**{**shown, "pictures-kept": three[1:]})
    assert (fine, names(form), form.pictures.data[1].alt) == (True, ["1.png", "2.png"], "three")


def test_pictures_are_turned_and_cut_by_a_button(sent, app):
    token = Upload(save_picture(halves()), "a.png").token
    shown = {"pictures-there": [token], "pictures-kept": [token]}
    for verb, size in (
        ("right", (1000, 1600)),
        ("left", (1000, 1600)),
        ("square", (1000, 1000)),
        ("paint", (1600, 1000)),
    ):
        form, fine, _page = sent(**shown, **{"pictures-do": f"{verb}:{token}"})
        assert not fine
        assert picture_size(form.pictures.data[0].ref) == size, verb
    form, _fine, _page = sent(**shown, **{"pictures-do": "right:made-up"})
    assert picture_size(form.pictures.data[0].ref) == (1600, 1000)


def test_words_for_a_picture_are_plain_and_short(sent, three):
    for words, said in (("x" * 161, "at most 160"), ("a\u202eb", "cannot be shown")):
        form, fine, _page = sent(
            **{"pictures-there": three[:1], "pictures-kept": three[:1], "pictures-alt": [words]}
        )
        assert not fine
        assert said in str(form.errors["pictures"])


def test_a_file_goes_ahead_and_comes_back_as_a_line_of_the_form(app, client, make, sign_in, sent):
    sign_in(client, make.shopper())
    spec = Spec("pictures", papers=False, least=(50, 50), alt=True, most=3).token

    def send(content, name="a.png", **more):
        return client.post("/files", data={"spec": spec, "file": (io.BytesIO(content), name), **more})

    answer = send(halves().getvalue(), "<b>.png")
    assert answer.status_code == 200
    assert "&lt;b&gt;.png" in answer.json["html"]
    token = re.search(r'-there" value="([^"]+)"', answer.json["html"])[1]
    form, fine, _page = sent(**{"pictures-there": [token], "pictures-kept": [token]})
    assert (fine, picture_size(form.pictures.data[0].ref)) == (True, (1600, 1000))
    for content, words in (
        (b"", "empty"),
        (b"hello", "not a picture"),
        (bomb().getvalue(), "too many pixels"),
    ):
        refused = send(content)
        assert (refused.status_code, words in refused.json["problem"]) == (422, True), words
    assert "at least 50 × 50" in send(picture(10, 10).getvalue()).json["problem"]
    half = {"spec": spec, "token": token, "do": "cut", "x": 500, "y": 0, "side": 500}
    changed = client.post("/files/change", data=half)
    assert "-500x500" in changed.json["html"]
    for wrong in ({"x": "a"}, {"token": "made up"}, {"spec": "made up"}):
        assert client.post("/files/change", data=half | wrong).status_code == 422, wrong
    assert client.post("/files", data={"spec": spec}).status_code == 422
    paper = Spec("paper", papers=True, least=(0, 0), alt=False, most=1).token
    kept = client.post("/files", data={"spec": paper, "file": (io.BytesIO(b"%PDF-1.7"), "a.pdf")})
    assert "Keep a.pdf" in kept.json["html"]
    assert "<img" not in kept.json["html"]


def test_a_stranger_sends_nothing_ahead(app, client):
    spec = Spec("pictures", papers=False, least=(0, 0), alt=True, most=3)
    with app.test_request_context():
        token = spec.token
    assert client.post("/files", data={"spec": token}).status_code == 302
