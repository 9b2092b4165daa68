"""A form field for files that survives a refused form: what was good stays chosen, with a box to drop it.

A file is checked and kept as soon as it comes in, with the form or ahead of it by the page's script. Its reference goes
into the page signed, so that nobody can name a file that they were never given. Pictures can be put in order, turned
and cut by buttons of the same form (`rearranged` says that one was pressed: the form comes back, nothing is saved).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from flask import current_app, g, has_request_context
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer
from markupsafe import Markup
from werkzeug.datastructures import FileStorage
from wtforms import Field

from c2b.core.db import end_transaction
from c2b.core.files import BadFile, change_picture, middle, picture_size, save_document, save_picture
from c2b.core.forms import is_plain, tidy

LONGEST_NAME = 80
LONGEST_ALT = 160
TURNS = {"right": 90, "left": 270}


@dataclass(frozen=True)
class Upload:
    """A kept file: its reference, what the person called it, and the words that stand for the picture."""

    ref: str
    name: str
    alt: str = ""

    @property
    def token(self) -> str:
        """Text for the page that stands for this file."""
        return str(_serializer("c2b.upload").dumps([self.ref, self.name]))

    @property
    def is_picture(self) -> bool:
        return not self.ref.startswith("doc/")

    @classmethod
    def read(cls, token: str) -> "Upload | None":
        """The file that a token stands for; None where we did not sign it."""
        try:
            ref, name = _serializer("c2b.upload").loads(token)
        except (BadData, ValueError, TypeError):
            return None
        return cls(str(ref), str(name))


@dataclass(frozen=True)
class Spec:
    """What a field takes, signed into the page for the script that sends files ahead of the form."""

    field: str
    papers: bool
    least: tuple[int, int]
    alt: bool
    most: int

    @property
    def token(self) -> str:
        return str(_serializer("c2b.spec").dumps([self.field, self.papers, self.least, self.alt, self.most]))

    @classmethod
    def read(cls, token: str) -> "Spec | None":
        """The field that a token stands for; None where we did not sign it."""
        try:
            field, papers, least, alt, most = _serializer("c2b.spec").loads(token)
        except (BadData, ValueError, TypeError):
            return None
        return cls(str(field), bool(papers), (int(least[0]), int(least[1])), bool(alt), int(most))

    def keep(self, file: FileStorage) -> Upload:
        """Check the file and keep it, or raise BadFile; no transaction is open meanwhile, as it takes a while."""
        end_transaction()
        if self.papers:
            return Upload(save_document(file.stream, file.filename or ""), name_of(file))
        return Upload(save_picture(file.stream, least=self.least), name_of(file))


def _serializer(salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=salt)


def name_of(file: FileStorage) -> str:
    """What the person called the file, as far as it can be shown."""
    return "".join(c for c in file.filename or "" if c.isprintable())[-LONGEST_NAME:]


class UploadWidget:
    """The file box, and under it what is kept; the markup is in the macros."""

    def __call__(self, field: "UploadField", **attributes: Any) -> Markup:
        attributes.setdefault("accept", field.accept)
        if field.most > 1:
            attributes["multiple"] = True
        shown = Markup("").join(
            Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), name if value is True else value)
            for name, value in attributes.items()
            if value not in (None, False)
        )
        return Markup(macros().box(field, shown, _first_of_page()))  # noqa: S704  # a macro escapes


def macros() -> Any:
    """The macros that write the box and a kept file."""
    return current_app.jinja_env.get_template("macros/uploads.html").module


def _first_of_page() -> bool:
    """Whether this is the page's first box, which brings the script and the words."""
    if not has_request_context() or g.get("upload_box"):
        return False
    g.upload_box = True
    return True


class UploadField(Field):
    """Up to `most` files; `data` is the list of those that are kept or came in now."""

    widget = UploadWidget()
    data: list[Upload]
    accept = ""
    papers = False
    least = (0, 0)
    alt = False

    def __init__(
        self, label: Any = None, validators: Sequence[Any] = (), *, most: int = 1, **more: Any
    ) -> None:
        super().__init__(label, list(validators), **more)
        self.most = most
        self.rearranged = False

    @property
    def spec(self) -> Spec:
        """What it takes."""
        return Spec(self.name, self.papers, self.least, self.alt, self.most)

    def process_data(self, value: Any) -> None:
        """What the record has already: uploads, or nothing."""
        self.data = list(value or [])

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read kept ones and new ones; a new single file takes the place of the kept one."""
        super().process(formdata, *([] if data is None else [data]))
        if formdata is None or not formdata:
            return
        kept = self._kept(formdata)
        if self._pressed(formdata.get(f"{self.name}-do")):
            kept = self._rearrange(kept, formdata.get(f"{self.name}-do"))
        new = self._new(formdata.getlist(self.name))
        self.data = new if new and self.most == 1 else kept + new
        self.data = list({upload.ref: upload for upload in self.data}.values())
        self.raw_data = self.data
        if len(self.data) > self.most:
            self.process_errors.append(_("Choose at most %(count)s files.", count=self.most))
            self.data = self.data[: self.most]

    def validate(self, form: Any, extra_validators: Sequence[Any] = ()) -> bool:
        """A form whose files were only put in order is not sent off: it comes back, without a message."""
        return bool(super().validate(form, extra_validators)) and not self.rearranged

    def _kept(self, formdata: Any) -> list[Upload]:
        """Those that are ticked, in the order of the page, with their words."""
        ticked = [token for token in formdata.getlist(f"{self.name}-kept") if isinstance(token, str)]
        there = [token for token in formdata.getlist(f"{self.name}-there") if token in ticked]
        shown = formdata.getlist(f"{self.name}-there")
        words = dict(zip_longest(shown, formdata.getlist(f"{self.name}-alt")[: len(shown)], fillvalue=""))
        found = []
        for token in [*there, *(token for token in ticked if token not in there)]:
            if (upload := Upload.read(token)) is not None:
                found.append(replace(upload, alt=self._words(words.get(token, ""))))
        return found

    def _words(self, text: str) -> str:
        text = tidy(text) or ""
        if len(text) > LONGEST_ALT:
            self.process_errors.append(
                _("Describe a picture in at most %(count)s characters.", count=LONGEST_ALT)
            )
        elif not is_plain(text):
            self.process_errors.append(_("The description of a picture has characters that cannot be shown."))
        else:
            return text
        return text[:LONGEST_ALT] if is_plain(text) else ""

    def _pressed(self, what: Any) -> bool:
        self.rearranged = isinstance(what, str) and ":" in what
        return self.rearranged

    def _rearrange(self, kept: list[Upload], what: str) -> list[Upload]:
        verb, _colon, token = what.partition(":")
        at = next((n for n, upload in enumerate(kept) if upload.token == token), None)
        if at is None:
            return kept
        if verb in ("earlier", "later"):
            moved = kept.pop(at)
            kept.insert(max(0, at - 1) if verb == "earlier" else at + 1, moved)
            return kept
        try:
            changed = changed_picture(kept[at], verb)
        except BadFile as problem:
            self.process_errors.append(str(problem))
            return kept
        return [*kept[:at], changed, *kept[at + 1 :]]

    def _new(self, files: Sequence[Any]) -> list[Upload]:
        found: list[Upload] = []
        chosen = [file for file in files if isinstance(file, FileStorage) and file.filename]
        for file in chosen[: self.most + 1]:
            try:
                found.append(self.spec.keep(file))
            except BadFile as problem:
                self.process_errors.append(
                    _("%(name)s: %(problem)s", name=name_of(file), problem=str(problem))
                )
        return found

    def process_formdata(self, valuelist: list[Any]) -> None:
        """The files are read in `process`, together with those that are kept."""


def changed_picture(upload: Upload, verb: str) -> Upload:
    """The picture turned `right` or `left`, or cut to the `square` in its middle; anything else leaves it."""
    size = picture_size(upload.ref)
    if not upload.is_picture or size is None:
        raise BadFile(_("This picture is not there any more. Choose it again."))
    end_transaction()
    if verb == "square":
        return replace(upload, ref=change_picture(upload.ref, cut=middle(*size)))
    return replace(upload, ref=change_picture(upload.ref, turn=TURNS[verb])) if verb in TURNS else upload


class PictureField(UploadField):
    """JPEG, PNG or WebP pictures of at most 1 MB each; with `alt` each takes a description in words."""

    accept = "image/jpeg,image/png,image/webp"

    def __init__(self, *args: Any, least: tuple[int, int] = (0, 0), alt: bool = False, **more: Any) -> None:
        super().__init__(*args, **more)
        self.least, self.alt = least, alt


class PaperField(UploadField):
    """PDF, JPEG or PNG papers of at most 5 MB each."""

    accept = ".pdf,.jpg,.jpeg,.png"
    papers = True
