"""A form field for files that survives a refused form: what was good stays chosen, with a box to drop it.

A file is checked and kept as soon as it comes in. Its reference goes into the page signed, so that nobody can
name a file that they were never given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer
from markupsafe import Markup
from werkzeug.datastructures import FileStorage
from wtforms import Field

from c2b.core.files import BadFile, save_document, save_picture

LONGEST_NAME = 80


@dataclass(frozen=True)
class Upload:
    """A kept file: its reference and what the person called it."""

    ref: str
    name: str

    @property
    def token(self) -> str:
        """Text for the page that stands for this file."""
        return str(_serializer().dumps([self.ref, self.name]))

    @classmethod
    def read(cls, token: str) -> "Upload | None":
        """The file that a token stands for; None where we did not sign it."""
        try:
            ref, name = _serializer().loads(token)
        except (BadData, ValueError, TypeError):
            return None
        return cls(str(ref), str(name))


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="c2b.upload")


class UploadWidget:
    """The file box, and under it what is kept: a ticked box each."""

    def __call__(self, field: "UploadField", **attributes: Any) -> Markup:
        attributes.setdefault("accept", field.accept)
        if field.most > 1:
            attributes["multiple"] = True
        shown = Markup("").join(
            Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), name if value is True else value)
            for name, value in attributes.items()
            if value not in (None, False)
        )
        box = Markup('<input type="file" id="{}" name="{}"{}>').format(field.id, field.name, shown)
        kept = Markup("").join(self._kept(field, upload) for upload in field.data or [])
        return box + Markup('<span class="stack g1">{}</span>').format(kept) if kept else box

    def _kept(self, field: "UploadField", upload: Upload) -> Markup:
        return Markup(
            '<label class="check"><input type="checkbox" name="{}-kept" value="{}" checked>'
            "{}<span>{}</span></label>"
        ).format(field.name, upload.token, self._preview(upload), _("Keep %(name)s", name=upload.name))

    def _preview(self, upload: Upload) -> Markup:
        if upload.ref.startswith("doc/"):
            return Markup("")
        address = current_app.jinja_env.globals["picture_url"](upload.ref, 320)  # type: ignore[operator]
        return Markup('<img class="thumb-m" src="{}" alt="" width="56" height="56">').format(address)


class UploadField(Field):
    """Up to `most` files; `data` is the list of those that are kept or came in now."""

    widget = UploadWidget()
    data: list[Upload]
    accept = ""

    def __init__(
        self, label: Any = None, validators: Sequence[Any] = (), *, most: int = 1, **more: Any
    ) -> None:
        super().__init__(label, list(validators), **more)
        self.most = most

    def keep(self, file: FileStorage) -> str:
        """Check the file and keep it; returns its reference or raises BadFile."""
        raise NotImplementedError

    def process_data(self, value: Any) -> None:
        """What the record has already: uploads, or nothing."""
        self.data = list(value or [])

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read kept ones and new ones; a new single file takes the place of the kept one."""
        super().process(formdata, *([] if data is None else [data]))
        if formdata is None or not formdata:
            return
        kept = [
            Upload.read(token) for token in formdata.getlist(f"{self.name}-kept") if isinstance(token, str)
        ]
        new = self._new(formdata.getlist(self.name))
        self.data = [upload for upload in kept if upload is not None]
        self.data = new if new and self.most == 1 else self.data + new
        self.data = list({upload.ref: upload for upload in self.data}.values())
        self.raw_data = self.data
        if len(self.data) > self.most:
            self.process_errors.append(_("Choose at most %(count)s files.", count=self.most))
            self.data = self.data[: self.most]

    def _new(self, files: Sequence[Any]) -> list[Upload]:
        found: list[Upload] = []
        chosen = [file for file in files if isinstance(file, FileStorage) and file.filename]
        for file in chosen[: self.most + 1]:
            name = "".join(c for c in file.filename or "" if c.isprintable())[-LONGEST_NAME:]
            try:
                found.append(Upload(self.keep(file), name))
            except BadFile as problem:
                self.process_errors.append(_("%(name)s: %(problem)s", name=name, problem=str(problem)))
        return found

    def process_formdata(self, valuelist: list[Any]) -> None:
        """The files are read in `process`, together with those that are kept."""


class PictureField(UploadField):
    """JPEG, PNG or WebP pictures of at most 1 MB each."""

    accept = "image/jpeg,image/png,image/webp"

    def __init__(self, *args: Any, least: tuple[int, int] = (0, 0), **more: Any) -> None:
        super().__init__(*args, **more)
        self.least = least

    def keep(self, file: FileStorage) -> str:
        """Decode it, judge its size, write it anew."""
        return save_picture(file.stream, least=self.least)


class PaperField(UploadField):
    """PDF, JPEG or PNG papers of at most 5 MB each."""

    accept = ".pdf,.jpg,.jpeg,.png"

    def keep(self, file: FileStorage) -> str:
        """Keep it as it is."""
        return save_document(file.stream, file.filename or "")
