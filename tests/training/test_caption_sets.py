import gzip
import json
import logging

import pytest

from tests.training.test_datasets import write
from training.data.datasets import CaptionSet, DatasetError, load_caption_sets

ROWS = ('{"id": "x", "captions": ["A dog", " Two dogs "]}', '{"id": 7, "captions": ["A cat"]}')
SETS = [CaptionSet("x", ("A dog", "Two dogs")), CaptionSet("7", ("A cat",))]


def test_caption_sets_plain_and_gzipped(tmp_path):
    plain, packed = tmp_path / "sets.jsonl", tmp_path / "sets.jsonl.gz"
    write(plain, *ROWS, "", end="\r\n", encoding="utf-8-sig")
    packed.write_bytes(gzip.compress("\n".join(ROWS).encode()))
    assert load_caption_sets(plain) == SETS
    assert load_caption_sets(str(packed)) == SETS


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", r"not JSON \(1\): line 3"),
        ("[]", r'not an object with "id" and "captions" \(1\): line 3'),
        ('{"id": "y"}', "not an object with"),
        ('{"id": "y", "captions": []}', r'"captions" is not a list of texts \(1\): line 3'),
        ('{"id": "y", "captions": "A dog"}', "is not a list of texts"),
        ('{"id": "y", "captions": ["A dog", "."]}', "captions without a word .* line 3"),
        ('{"id": "y", "captions": [null]}', "captions without a word"),
        ('{"id": "x", "captions": ["A dog"]}', r"id used twice \(1\): line 3 \(x\)"),
    ],
)
def test_bad_caption_sets_are_named_or_skipped(tmp_path, caplog, row, message):
    path = tmp_path / "sets.jsonl"
    write(path, *ROWS, row)
    with pytest.raises(DatasetError, match=message) as caught:
        load_caption_sets(path)
    assert str(caught.value).startswith(f"{path}: ")
    with caplog.at_level(logging.WARNING):
        assert load_caption_sets(path, allow_missing=True) == SETS
    assert "line 3" in caplog.text


def test_caption_sets_that_cannot_be_read(tmp_path):
    path = tmp_path / "sets.jsonl.gz"
    with pytest.raises(DatasetError, match="there is no such file"):
        load_caption_sets(path)
    whole = gzip.compress(json.dumps({"id": "x", "captions": ["A dog"]}).encode() * 50)
    for data in (b"{}", whole[:-10], whole[:20] + b"\0\0\0\0" + whole[24:]):
        path.write_bytes(data)
        with pytest.raises(DatasetError, match=r"sets\.jsonl\.gz: is no whole gzip file"):
            load_caption_sets(path)
    path.write_bytes(gzip.compress(b"\n"))
    with pytest.raises(DatasetError, match="holds no captions"):
        load_caption_sets(path)
    with pytest.raises(DatasetError, match=r"cannot be read|Is a directory"):
        load_caption_sets(tmp_path)
