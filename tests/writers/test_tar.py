import json
import tarfile

import pytest

from captioner.writers import InputLostError, OutputFileError, TarWriter
from captioner.writers import tar as tar_module
from tests.writers.makers import failure, image, rows_of_files


def write(path, mode, *rows):
    with TarWriter.open(path, mode) as writer:
        for row in rows:
            writer.write(row)


def contents(path):
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def names(path):
    return [row["file_name"] for row in TarWriter.read(path)]


def photo(folder, name, size=700):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * size)
    return image(name, path=path)


def test_a_sample_is_the_input_its_caption_and_its_row(tmp_path):
    rows = rows_of_files(tmp_path)
    write(tmp_path / "out.tar", "x", rows[0], failure(), *rows[1:])
    files = contents(tmp_path / "out.tar")
    assert list(files) == [
        *("000000000.jpg", "000000000.txt", "000000000.json"),
        *("000000001.gif", "000000001.txt", "000000001.json"),
        *("000000002.png", "000000002.txt", "000000002.json"),
    ]
    assert files["000000001.gif"] == bytes([1]) * 700
    assert files["000000002.txt"].decode() == rows[2].text
    assert json.loads(files["000000002.json"]) == rows[2].as_dict()


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("a.b.JPEG", "000000000.jpg"),
        ("a.jfif", "000000000.jpg"),
        ("a.WebP", "000000000.webp"),
        ("a.json", "000000000.bin"),
        ("photo", "000000000.bin"),
    ],
)
def test_a_file_is_called_by_what_tells_readers_how_to_decode_it(tmp_path, name, member):
    write(tmp_path / "out.tar", "x", photo(tmp_path, name))
    assert next(iter(contents(tmp_path / "out.tar"))) == member


def test_files_of_one_name_in_two_folders_are_two_samples(tmp_path):
    write(tmp_path / "out.tar", "x", *(photo(tmp_path / side, "a.jpg") for side in "lr"))
    assert len(contents(tmp_path / "out.tar")) == 6


def test_a_counter_in_the_name_makes_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_module, "MAX_SHARD_BYTES", 6000)
    pattern = tmp_path / "out-%03d.tar"
    photos = [photo(tmp_path, f"{number}.jpg") for number in range(5)]
    write(pattern, "x", *photos[:3])
    assert sorted(path.name for path in tmp_path.glob("*.tar")) == ["out-000.tar", "out-001.tar"]
    write(pattern, "a", *photos[3:])
    shards = [list(contents(tmp_path / f"out-00{index}.tar")) for index in range(3)]
    assert [len(shard) for shard in shards] == [6, 6, 3]
    assert shards[2][0] == "000000004.jpg"
    assert names(pattern) == [f"{number}.jpg" for number in range(5)]
    assert all(path.stat().st_size <= 8192 for path in tmp_path.glob("*.tar"))
    assert TarWriter.exists(pattern)
    with pytest.raises(FileExistsError):
        TarWriter.open(pattern, "x")


def test_a_file_larger_than_a_shard_has_one_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_module, "MAX_SHARD_BYTES", 6000)
    photos = [photo(tmp_path, "big.jpg", 9000), photo(tmp_path, "small.jpg")]
    write(tmp_path / "%d.tar", "x", *photos)
    assert len(contents(tmp_path / "0.tar")) == len(contents(tmp_path / "1.tar")) == 3


def test_replacing_shards_removes_all_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_module, "MAX_SHARD_BYTES", 3000)
    pattern = tmp_path / "out-%06d.tar"
    photos = [photo(tmp_path, f"{number}.jpg") for number in range(3)]
    write(pattern, "x", *photos)
    (tmp_path / "out-other.tar").write_text("precious")
    write(pattern, "w", photos[1])
    shards = sorted(path.name for path in tmp_path.glob("*.tar"))
    assert shards == ["out-000000.tar", "out-other.tar"]
    assert names(pattern) == ["1.jpg"]


def test_shards_can_be_renewed(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_module, "MAX_SHARD_BYTES", 3000)
    pattern = tmp_path / "out-%06d.tar"
    photos = [photo(tmp_path, f"{number}.jpg") for number in range(3)]
    write(pattern, "x", *photos)
    TarWriter.renew(pattern, photos[1:])
    assert names(pattern) == ["1.jpg", "2.jpg"]
    assert len(list(tmp_path.glob("*.tar"))) == 2


def test_an_empty_last_shard_does_not_start_the_numbers_again(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_module, "MAX_SHARD_BYTES", 3000)
    pattern = tmp_path / "%d.tar"
    write(pattern, "x", photo(tmp_path, "0.jpg"))
    (tmp_path / "1.tar").write_bytes(b"")
    write(pattern, "a", photo(tmp_path, "1.jpg"))
    assert next(iter(contents(tmp_path / "1.tar"))) == "000000001.jpg"


def test_an_input_that_is_gone_leaves_whole_samples_only(tmp_path):
    path = tmp_path / "out.tar"
    writer = TarWriter.open(path, "x")
    writer.write(photo(tmp_path, "a.jpg"))
    with pytest.raises(InputLostError, match=r"gone\.jpg"):
        writer.write(image("gone.jpg", path=tmp_path / "gone.jpg"))
    writer.close()
    assert len(contents(path)) == 3


def test_a_sample_that_fails_half_way_is_taken_out_again(tmp_path, monkeypatch):
    path, row = tmp_path / "out.tar", photo(tmp_path, "b.jpg")
    writer = TarWriter.open(path, "x")
    writer.write(photo(tmp_path, "a.jpg"))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tar_module, "BytesIO", full)
        with pytest.raises(OSError, match="No space left"):
            writer.write(row)
    writer.close()
    assert len(contents(path)) == 3
    write(path, "a", row)
    assert names(path) == ["a.jpg", "b.jpg"]


def refused(path, content):
    path.write_bytes(content)
    with pytest.raises(OutputFileError) as caught:
        TarWriter.open(path, "a")
    assert path.read_bytes() == content
    return caught.value.reason


def test_archives_of_another_make_are_refused(tmp_path):
    path, rows = tmp_path / "out.tar", rows_of_files(tmp_path)
    assert "no shard" in refused(path, b"precious")
    assert "no shard" in refused(path, b"precious" * 1000)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.add(rows[0].path, "photo.jpg")
    assert "it holds 'photo.jpg'" in refused(path, path.read_bytes())
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.add(rows[0].path, "000000000.json")
    assert "000000000.json is not JSON" in refused(path, path.read_bytes())


def test_an_archive_that_is_damaged_in_the_middle_loses_nothing_more(tmp_path):
    path = tmp_path / "out.tar"
    write(path, "x", *rows_of_files(tmp_path))
    whole = path.read_bytes()
    with tarfile.open(path) as archive:
        header = archive.getmember("000000001.txt").offset
    damaged = whole[:header] + b"?" * 512 + whole[header + 512 :]
    assert "damaged before the sample 000000002" in refused(path, damaged)
