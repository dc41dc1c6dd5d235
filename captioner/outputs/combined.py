"""The file of ``--output``: what is in it already, and what a run makes of it.

With ``skip``, rows are added to the file one by one. With ``overwrite``, ``append`` and
``prepend`` the file stays as it was until the run is through: rows go to a journal beside it, whose
name tells the command line, so that the same command goes on with what it has begun, and no other
does. A row that comes later in the file stands in place of an earlier one of the same input; the
earlier is taken out at the end of a run, or at the beginning of the next.
"""

import glob
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from captioner.batch.finding import Input
from captioner.batch.options import Existing
from captioner.batch.rows import Row, plain_name, plain_text
from captioner.outputs.joining import joined
from captioner.writers import FILE_WRITERS, FileWriter, JsonLinesWriter


class CombinedFile:
    """A combined file of any format.

    Args:
        path: the file; its suffix is one of ``FILE_WRITERS``.
        existing: what becomes of what is there.
        command: any text that is the same for the same command line.

    Attributes:
        path: the file itself, where a link was given.
        target: where rows go during the run.
        captioned: for each row that need not be written again, whether it has a caption; keyed
            by ``file_name`` as rows write it.
    """

    def __init__(self, path: Path, existing: Existing, command: str) -> None:
        self.path = Path(os.path.realpath(path))  # so that a link stays a link
        self.captioned: dict[str, bool] = {}
        self._existing = existing
        self._format = FILE_WRITERS[path.suffix.lower()]
        self._renamed: dict[str, str] = {}  # names in rows of earlier versions: the names of today
        self._texts: dict[str, str] = {}  # what the new captions are to be joined to
        self._repeats = False
        self._writer: FileWriter | None = None
        name = f"{self.path.name}.{hashlib.sha256(command.encode()).hexdigest()[:8]}.part"
        self.target = self.path if existing == "skip" else self.path.with_name(name)

    def look(self, inputs: Sequence[Input]) -> None:
        """Read what is there.

        Args:
            inputs: all inputs of the command.

        Raises:
            OutputFileError: the file is not one of this program, or is damaged.
            OSError: the file cannot be read.
        """
        self._renamed = _renamed(item.file_name for item in inputs)
        if self._in_place:
            for row in self._format.read(self.path):
                name = self._name(row)
                self._repeats |= name in self.captioned
                self.captioned[name] = row["status"] == "ok"
            return
        for row in JsonLinesWriter.read(self.target):
            self.captioned[self._name(row)] = row["status"] == "ok"
        if self._existing != "overwrite":
            rows = self._format.read(self.path)
            self._texts = {self._name(row): row["text"] for row in rows if row["text"] is not None}

    def is_captioned(self, file_name: str) -> bool | None:
        """Whether an input that needs no new row has a caption; None for one that needs it."""
        return self.captioned.get(plain_name(file_name))

    def remarks(self, inputs: Sequence[Input]) -> Iterator[str]:
        """What a person may want to know about what is there."""
        known = sum(self.is_captioned(item.file_name) is not None for item in inputs)
        if self._in_place and 0 < known < len(self.captioned):
            others = len(self.captioned) - known
            yield (
                f"{self.path} also has rows of {others:,} files that are not among these inputs "
                "and stay as they are (files are told apart by the name in the row: one output "
                "file is for one folder)"
            )
        for journal in sorted(
            self.path.parent.glob(f"{glob.escape(self.path.name)}.????????.part")
        ):
            if journal != self.target:
                yield (
                    f"{journal} is what a stopped run with other options has done; delete it, "
                    "unless that run is to go on"
                )

    def open(self) -> None:
        """Open the file for new rows.

        Raises:
            OSError: it cannot be opened.
        """
        writer = self._format if self._in_place else JsonLinesWriter
        self._writer = writer.open(self.target, "a")

    def close(self) -> None:
        """Close the file: it is whole, though there may be more to come.

        Raises:
            OSError: it cannot be written.
        """
        if self._writer is not None:
            self._writer.close()
        if self._in_place and self._repeats:
            self._drop_repeats()

    def write(self, row: Row) -> None:
        """Write the row of an input, if it needs one, through to the operating system.

        Raises:
            OSError: the file takes no more.
        """
        name = plain_name(row.file_name)
        if self._writer is None or self.captioned.get(name):
            return
        self._repeats |= name in self.captioned
        old = self._texts.get(name)
        if row.text is not None:
            row = replace(row, text=joined(old, row.text, self._existing))
        elif old is not None:
            return  # the caption that is there is better than none
        self._writer.write(row)

    def finish(self, inputs: Iterable[Input]) -> str | None:
        """Bring the rows of the journal, which is closed, into the file; it is then removed.

        A run that is killed meanwhile does it again when it is started again. A file is not
        overwritten with nothing but failures.

        Args:
            inputs: all inputs of the command. Of others, which went away since the run was stopped,
                a format that takes the files themselves has no row.

        Returns:
            What a person has to know about it, if anything.

        Raises:
            OSError: the file cannot be written; the journal stays.
        """
        if self._in_place:
            return None
        lost = 0
        remark = None
        if self._existing != "overwrite":
            with self._format.open(self.path, "a") as writer:
                lost = writer.write_all(self._journal_rows(inputs))
            self._drop_repeats()
        elif self._format.exists(self.path) and not any(
            row.status == "ok" for row in self._journal_rows(inputs)
        ):
            remark = f"{self.path} is left as it was: there is no caption to replace it with"
        else:
            lost = self._format.renew(self.path, self._journal_rows(inputs))
        self.target.unlink()
        if lost:
            remark = f"{self.path} lacks files that could not be read any more: {lost:,}"
        return remark

    def _journal_rows(self, inputs: Iterable[Input]) -> Iterator[Row]:
        paths = {plain_name(item.file_name): item.path for item in inputs}
        for row in JsonLinesWriter.read(self.target):
            name = self._name(row)
            path = paths.get(name, "")
            if path or not self._format.takes_inputs:
                yield Row.from_dict({**row, "file_name": name}, path)

    def _name(self, row: dict[str, Any]) -> str:
        """The name of a row's input, as rows have it."""
        name: str = row["file_name"]
        return self._renamed.get(name, name)

    @property
    def _in_place(self) -> bool:
        return self.target == self.path

    def _drop_repeats(self) -> None:
        """Take out each row that a later one stands in place of."""
        times = Counter(map(self._name, self._format.read(self.path)))
        earlier = Counter({name: count - 1 for name, count in times.items() if count > 1})

        def wanted(row: dict[str, Any]) -> bool:
            name = self._name(row)
            if not earlier[name]:
                return True
            earlier[name] -= 1
            return False

        if earlier:
            self._format.keep(self.path, wanted)


def _renamed(names: Iterable[str]) -> dict[str, str]:
    """What earlier versions called these files in rows, and what they are called now.

    Only a name with a backslash in it has changed. A name that is another input's now is not here.
    """
    names = list(names)
    renamed = {plain_text(name): plain_name(name) for name in names if "\\" in name}
    renamed = {former: name for former, name in renamed.items() if former != name}
    for name in names if renamed else ():
        renamed.pop(plain_name(name), None)
    return renamed
