"""Rows → files: one small class for each format.

A combined file takes all rows (``FILE_WRITERS``, by suffix); a sidecar lies beside each input
(``SIDECARS``, by the name that ``--sidecar`` takes). Another format is a class and a line here.
"""

from captioner.errors import InputLostError, OutputFileError
from captioner.writers.base import FileWriter, Mode, Writer
from captioner.writers.csv_table import CsvWriter
from captioner.writers.json_lines import JsonLinesWriter
from captioner.writers.parquet import ParquetWriter
from captioner.writers.sidecars import JsonSidecar, Sidecar, TextSidecar
from captioner.writers.subtitles import SubRipSidecar, WebVttSidecar
from captioner.writers.tar import TarWriter
from captioner.writers.text import TextWriter
from captioner.writers.xmp import XmpSidecar, XmpStemSidecar

__all__ = [
    "FILE_WRITERS",
    "SIDECARS",
    "CsvWriter",
    "FileWriter",
    "InputLostError",
    "JsonLinesWriter",
    "JsonSidecar",
    "Mode",
    "OutputFileError",
    "ParquetWriter",
    "Sidecar",
    "SubRipSidecar",
    "TarWriter",
    "TextSidecar",
    "TextWriter",
    "WebVttSidecar",
    "Writer",
    "XmpSidecar",
    "XmpStemSidecar",
]

FILE_WRITERS: dict[str, type[FileWriter]] = {
    ".csv": CsvWriter,
    ".jsonl": JsonLinesWriter,
    ".parquet": ParquetWriter,
    ".tar": TarWriter,
}

SIDECARS: dict[str, type[Sidecar]] = {
    "txt": TextSidecar,
    "json": JsonSidecar,
    "xmp": XmpSidecar,
    "xmp-stem": XmpStemSidecar,
    "vtt": WebVttSidecar,
    "srt": SubRipSidecar,
}
