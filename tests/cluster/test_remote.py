from pathlib import Path

import pytest

from captioner.batch.finding import find_inputs
from captioner.cluster.remote import fetch, find_remote, is_remote, open_store
from tests.makers import save_photo

# Of the stores that pyarrow opens, the disk itself needs no network.
NAMES = ["a9.jpg", "a10.jpg", "B.PNG", "100% é.jpg", "sub dir/x.gif", "sub dir/y/z.webp"]
OTHERS = [".hidden.jpg", ".git/a.jpg", "notes.txt", "sub dir/.a.png"]


@pytest.fixture
def folder(tmp_path):
    for name in [*NAMES, *OTHERS]:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "photos"


def test_an_address_is_no_path():
    assert is_remote("s3://bucket/photos")
    assert not any(map(is_remote, ["photos", "/a/b.jpg", "C:\\photos", "s3:"]))


@pytest.mark.parametrize("recursive", [False, True])
@pytest.mark.parametrize("end", ["", "/"])
def test_a_folder_is_found_as_on_the_disk(folder, recursive, end):
    found = find_remote(folder.as_uri() + end, recursive)
    here = find_inputs([str(folder)], recursive).inputs
    assert [item.file_name for item in found] == [item.file_name for item in here]
    assert len(found) == (6 if recursive else 4)


def test_what_is_found_can_be_fetched(folder, tmp_path):
    for item in find_remote(folder.as_uri(), recursive=True):
        fetch(item.path, tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == item.file_name.encode()


def test_files_of_several_folders_are_named_by_their_address(folder):
    found = find_remote(folder.as_uri(), recursive=False, relative=False)
    assert [item.file_name for item in found] == [item.path for item in found]


def test_the_parameters_of_an_address_stay(folder):
    (file,) = find_remote(f"{(folder / 'sub dir').as_uri()}?a=b", recursive=False)
    assert file.path.endswith("/photos/sub%20dir/x.gif?a=b")


def test_a_file_is_taken_whatever_its_suffix(folder):
    address = (folder / "notes.txt").as_uri()
    (file,) = find_remote(address, recursive=False)
    assert (file.path, file.file_name, file.error) == (address, address, None)


@pytest.mark.parametrize(
    ("address", "fault"), [("file:///none", "no such file"), ("odd://x/y", "cannot be opened")]
)
def test_what_cannot_be_found_says_so(address, fault):
    (file,) = find_remote(address, recursive=False)
    assert file.path == address
    assert fault in file.error
    assert "; check" in file.error


def test_a_store_is_opened_once_for_all_its_files(folder):
    first, path = open_store(folder.as_uri())
    assert Path(path) == folder
    assert open_store((folder / "a9.jpg").as_uri())[0] is first


def test_a_bucket_keeps_its_name_and_its_parameters():
    system, path = open_store("s3://bucket/my%20photos/?region=eu-west-1")
    assert (system.type_name, path) == ("s3", "bucket/my photos/")
    assert system.region == "eu-west-1"


def test_a_path_is_opened_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_photo(Path("photo.png"))
    system, path = open_store("photo.png")
    assert system.get_file_info(path).is_file
