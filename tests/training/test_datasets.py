import logging

import pytest

from training.data import datasets
from training.data.datasets import (
    CaptionedImage,
    DatasetError,
    load_dataset,
    normalise_caption,
)
from training.data.layouts import hashed_split


def write(path, *lines, end="\n", encoding="utf-8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((end.join(lines) + end).encode(encoding))


def photos(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not read here")


def found(root, split, **settings):
    """What a split holds: photos below the root, and their captions."""
    loaded = load_dataset(root, split, **settings)
    assert all(isinstance(item, CaptionedImage) and item.path.is_file() for item in loaded)
    return {item.path.relative_to(root).as_posix(): item.captions for item in loaded}


# === Flickr8k's own layout ===

TOKENS = ("a.jpg#0\tA dog runs .", "a.jpg#1\tThe dog", "b.jpg#0\tTwo cats", "c.jpg#0\tA man")


@pytest.fixture
def flickr(tmp_path):
    write(tmp_path / "Flickr8k.token.txt", *TOKENS)
    write(tmp_path / "Flickr_8k.trainImages.txt", "b.jpg", "a.jpg")
    write(tmp_path / "Flickr_8k.devImages.txt", "c.jpg")
    photos(tmp_path / "images", "a.jpg", "b.jpg", "c.jpg")
    return tmp_path


def test_flickr8k_gives_the_photos_of_a_split_in_the_order_of_its_list(flickr):
    assert load_dataset(str(flickr), "train") == [
        CaptionedImage(flickr / "images" / "b.jpg", ("Two cats",)),
        CaptionedImage(flickr / "images" / "a.jpg", ("A dog runs .", "The dog")),
    ]
    assert found(flickr, "dev") == {"images/c.jpg": ("A man",)}


@pytest.mark.parametrize("name", ["val", "valid", "validation"])
def test_the_dev_split_has_other_names(flickr, name):
    assert found(flickr, name) == found(flickr, "dev")


@pytest.mark.parametrize(
    "folder",
    ["Images", "Flicker8k_Dataset", "Flickr8k_Dataset", "Flickr8k_Dataset/Flicker8k_Dataset", "."],
)
def test_photos_are_found_where_the_archives_put_them(tmp_path, folder):
    write(tmp_path / "Flickr8k_text" / "Flickr8k.token.txt", *TOKENS)
    write(tmp_path / "Flickr8k_text" / "Flickr_8k.trainImages.txt", "a.jpg", "b.jpg")
    (tmp_path / "images").mkdir()  # which has none of the photos
    photos(tmp_path / folder, "a.jpg", "b.jpg")
    assert [item.path for item in load_dataset(tmp_path, "train")] == [
        tmp_path / folder / "a.jpg",
        tmp_path / folder / "b.jpg",
    ]


def test_other_names_of_the_text_files(tmp_path):
    write(tmp_path / "captions.token.txt", *TOKENS)
    write(tmp_path / "testImages.txt", "c.jpg")
    photos(tmp_path / "images", "c.jpg")
    assert found(tmp_path, "test") == {"images/c.jpg": ("A man",)}


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_other_line_ends_blank_lines_and_byte_order_marks_do_no_harm(flickr, end, encoding):
    write(flickr / "Flickr8k.token.txt", "", *TOKENS, " ", end=end, encoding=encoding)
    write(flickr / "Flickr_8k.devImages.txt", "c.jpg", "", end=end, encoding=encoding)
    assert found(flickr, "dev") == {"images/c.jpg": ("A man",)}


def test_a_caption_may_hold_characters_that_break_lines_elsewhere(flickr):
    caption = "A man\u2028with a hat\x0cand\x85a dog"
    write(flickr / "Flickr8k.token.txt", f"c.jpg#0\t{caption}")
    assert found(flickr, "dev") == {"images/c.jpg": (caption,)}


def test_photos_without_lists_are_split_by_their_names(tmp_path):
    names = [f"{number:03}.jpg" for number in range(400)]
    write(tmp_path / "Flickr8k.token.txt", *(f"{name}#0\tA dog" for name in names))
    photos(tmp_path / "images", *names)
    splits = {split: set(found(tmp_path, split)) for split in ("train", "dev", "test")}
    assert sum(map(len, splits.values())) == 400
    assert set.union(*splits.values()) == {f"images/{name}" for name in names}
    assert 340 <= len(splits["train"]) <= 380
    assert len(splits["dev"]) >= 8
    assert len(splits["test"]) >= 8


def test_the_split_of_a_name_never_changes():
    # Written down once: a change would let photos that a model has learnt into its test.
    names = ("a.jpg", "1000268201_693b08cb0e.jpg", "15.jpg", "41.jpg", "22.jpg", "32.jpg")
    splits = [hashed_split(name) for name in names]
    assert splits == ["train", "train", "dev", "dev", "test", "test"]
    assert hashed_split("some/folder/22.jpg") == "test"
    many = [hashed_split(f"{number}.jpg") for number in range(20_000)]
    assert many.count("dev") == pytest.approx(1000, abs=120)
    assert many.count("test") == pytest.approx(1000, abs=120)


# === Kaggle's layout ===


@pytest.fixture
def kaggle(tmp_path):
    write(
        tmp_path / "captions.txt",
        "image,caption",
        "a.jpg,A dog , a cat , and a man .",
        'a.jpg,"A dog, a cat, and ""Bob"""',
        'a.jpg,"Hello" says a man in a "Hello" shirt',
        'b.jpg,"Stop" and "Go"',
    )
    write(tmp_path / "Flickr_8k.trainImages.txt", "a.jpg", "b.jpg")
    photos(tmp_path / "Images", "a.jpg", "b.jpg")
    return tmp_path


def test_kaggle_captions_keep_their_commas_and_lose_only_csv_quotes(kaggle):
    assert found(kaggle, "train") == {
        "Images/a.jpg": (
            "A dog , a cat , and a man .",
            'A dog, a cat, and "Bob"',
            '"Hello" says a man in a "Hello" shirt',
        ),
        "Images/b.jpg": ('"Stop" and "Go"',),
    }


def test_kaggle_without_lists_is_split_by_names(kaggle):
    (kaggle / "Flickr_8k.trainImages.txt").unlink()
    train = {name for name in ("a.jpg", "b.jpg") if hashed_split(name) == "train"}
    assert train
    assert set(found(kaggle, "train")) == {f"Images/{name}" for name in train}


def test_a_kaggle_file_without_its_header_is_refused(kaggle):
    write(kaggle / "captions.txt", "a.jpg,A dog")
    with pytest.raises(DatasetError, match=r"first line is 'a\.jpg,A dog'; write the header image"):
        load_dataset(kaggle, "train")


# === Hugging Face's ImageFolder ===


def test_image_folder_with_split_folders(tmp_path):
    write(
        tmp_path / "train" / "metadata.jsonl",
        '{"file_name": "a.jpg", "text": ["A dog", "The dog"], "source": "me"}',
        '{"file_name": "more/b.jpg", "text": "Two cats"}',
        '{"file_name": "a.jpg", "text": "One dog"}',
    )
    write(
        tmp_path / "validation" / "metadata.csv",
        "text,file_name",
        '"A man, seated",c.jpg',
        '"A woman\nstanding",d.png',
        "A boy,c.jpg",
    )
    photos(tmp_path / "train", "a.jpg", "more/b.jpg")
    photos(tmp_path / "validation", "c.jpg", "d.png")
    assert found(tmp_path, "train") == {
        "train/a.jpg": ("A dog", "The dog", "One dog"),
        "train/more/b.jpg": ("Two cats",),
    }
    assert found(tmp_path, "dev") == {
        "validation/c.jpg": ("A man, seated", "A boy"),
        "validation/d.png": ("A woman\nstanding",),
    }
    with pytest.raises(DatasetError, match="has no split 'test'; it has: train, dev"):
        load_dataset(tmp_path, "test")


def test_image_folder_with_one_metadata_file_above_split_folders(tmp_path):
    write(
        tmp_path / "metadata.jsonl",
        '{"file_name": "train/a.jpg", "text": "A dog"}',
        '{"file_name": "dev/b.jpg", "text": "A cat"}',
    )
    photos(tmp_path, "train/a.jpg", "dev/b.jpg")
    assert found(tmp_path, "dev") == {"dev/b.jpg": ("A cat",)}


def test_image_folder_without_split_folders_is_split_by_names(tmp_path):
    names = [f"{number:02}.jpg" for number in range(60)]
    write(tmp_path / "metadata.csv", "file_name,text", *(f"{name},A dog" for name in names))
    photos(tmp_path, *names)
    for split in ("train", "dev", "test"):
        expected = {name for name in names if hashed_split(name) == split}
        assert expected, "choose more names"
        assert set(found(tmp_path, split)) == expected


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("metadata.csv", ["file,caption", "a.jpg,A dog"], "columns are file, caption; name two"),
        ("metadata.csv", [""], "its columns are none"),
        (
            "metadata.csv",
            ["file_name,text", "a.jpg,A dog, running"],
            r"more fields than columns \(quote text that holds commas\) \(1\): .*csv line 2",
        ),
        ("metadata.csv", ["file_name,text", "a.jpg"], r"without a word .*csv line 2"),
        ("metadata.jsonl", ['{"file_name": "a.jpg"'], r"not a JSON object \(1\): .*jsonl line 1"),
        ("metadata.jsonl", ['["a.jpg", "A dog"]'], r"not a JSON object \(1\): .*jsonl line 1"),
        ("metadata.jsonl", ['{"text": "A dog"}'], r"no file_name below .* \(1\): .*jsonl line 1"),
        ("metadata.jsonl", ['{"file_name": "/a.jpg", "text": "A"}'], "no file_name below"),
        ("metadata.jsonl", ['{"file_name": "a.jpg", "text": 3}'], "captions without a word"),
        ("metadata.jsonl", ['{"file_name": "a.jpg", "text": []}'], "photos without captions"),
    ],
)
def test_bad_metadata_is_named(tmp_path, name, lines, message):
    write(tmp_path / "train" / name, *lines)
    photos(tmp_path / "train", "a.jpg")
    with pytest.raises(DatasetError, match=message):
        load_dataset(tmp_path, "train")


def test_a_photo_that_the_metadata_does_not_name_is_told_of(tmp_path):
    write(tmp_path / "train" / "metadata.jsonl", '{"file_name": "a.jpg", "text": "A dog"}')
    photos(tmp_path / "train", "a.jpg", "b.PNG")
    with pytest.raises(DatasetError, match=r"photos without captions \(1\): train/b\.PNG"):
        load_dataset(tmp_path, "train")


def test_a_photo_beside_the_split_folders_is_told_of(tmp_path):
    write(
        tmp_path / "metadata.jsonl",
        '{"file_name": "train/a.jpg", "text": "A dog"}',
        '{"file_name": "b.jpg", "text": "A cat"}',
    )
    photos(tmp_path, "train/a.jpg", "b.jpg")
    with pytest.raises(DatasetError, match=r"outside the folders of the splits \(1\): b\.jpg"):
        load_dataset(tmp_path, "train")
    assert found(tmp_path, "train", allow_missing=True) == {"train/a.jpg": ("A dog",)}


# === What may be wrong in any layout ===


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DatasetError, match="nowhere: there is no such folder"):
        load_dataset(tmp_path / "nowhere", "train")


def test_a_folder_without_known_files_says_which_are_known(tmp_path):
    with pytest.raises(DatasetError, match=r"Flickr8k\.token\.txt, .*captions\.txt, metadata"):
        load_dataset(tmp_path, "train")


def test_a_split_that_nobody_knows_and_one_that_is_not_there(flickr):
    with pytest.raises(DatasetError, match="no split 'Train'; known: train, dev, test"):
        load_dataset(flickr, "Train")
    with pytest.raises(DatasetError, match="has no split 'test'; it has: train, dev"):
        load_dataset(flickr, "test")


def test_an_empty_split(flickr):
    write(flickr / "Flickr_8k.devImages.txt", "")
    with pytest.raises(DatasetError, match="the split 'dev' is empty"):
        load_dataset(flickr, "dev")


def test_captions_without_their_photo_are_counted_with_five_examples(flickr):
    names = [f"lost{number}.jpg" for number in range(7)]
    write(flickr / "Flickr8k.token.txt", *TOKENS, *(f"{name}#0\tA dog" for name in names))
    write(flickr / "Flickr_8k.trainImages.txt", "a.jpg", *names)
    with pytest.raises(DatasetError) as caught:
        load_dataset(flickr, "train")
    message = str(caught.value)
    assert f"captions without their photo in {flickr / 'images'} (7): lost0.jpg, lost1" in message
    assert "lost4.jpg, ..." in message
    assert "lost5.jpg" not in message
    assert "allow_missing=True" in message
    # The photos of another split are of no concern.
    assert found(flickr, "dev")


def test_photos_without_captions_are_told_of(flickr):
    write(flickr / "Flickr_8k.trainImages.txt", "a.jpg", "d.jpg")
    photos(flickr / "images", "d.jpg")
    with pytest.raises(DatasetError, match=r"photos without captions \(1\): d\.jpg"):
        load_dataset(flickr, "train")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a.jpg#5 A dog", r"not of the form name#number<TAB>caption \(1\): .*txt line 5"),
        ("a.jpg\tA dog", "not of the form .*line 5"),
        ("a.jpg#one\tA dog", "not of the form .*line 5"),
        ("#0\tA dog", "not of the form .*line 5"),
        ("a.jpg#1\tA dog", r"caption number used twice \(1\): .*txt line 5 \(a\.jpg#1\)"),
        ("a.jpg#5\t ", r"captions without a word of a-z or 0-9 \(1\): .*txt line 5"),
        ("a.jpg#5\t\u72d7", "captions without a word of a-z or 0-9"),
    ],
)
def test_bad_lines_are_named_or_skipped_with_a_warning(flickr, caplog, line, message):
    whole = found(flickr, "train")
    write(flickr / "Flickr8k.token.txt", *TOKENS, line)
    with pytest.raises(DatasetError, match=message):
        load_dataset(flickr, "train")
    with caplog.at_level(logging.WARNING):
        assert found(flickr, "train", allow_missing=True) == whole
    assert "skipped: " in caplog.text
    assert "(1): " in caplog.text


def test_bad_kaggle_lines_are_named(kaggle):
    with (kaggle / "captions.txt").open("a") as file:
        file.write("no comma here\n,A dog\n")
    with pytest.raises(DatasetError, match=r"form image,caption \(2\): .* line 6, .* line 7"):
        load_dataset(kaggle, "train")


def test_a_photo_listed_twice_is_told_of_and_taken_once(flickr):
    write(flickr / "Flickr_8k.devImages.txt", "c.jpg", "c.jpg")
    with pytest.raises(DatasetError, match=r"photo listed twice \(1\): .* line 2 \(c\.jpg\)"):
        load_dataset(flickr, "dev")
    assert len(load_dataset(flickr, "dev", allow_missing=True)) == 1


def test_all_that_is_wrong_is_told_at_once_and_can_be_skipped(flickr, caplog):
    write(flickr / "Flickr8k.token.txt", *TOKENS, "nonsense")
    write(flickr / "Flickr_8k.trainImages.txt", "a.jpg", "b.jpg", "d.jpg")
    (flickr / "images" / "b.jpg").unlink()
    with pytest.raises(DatasetError) as caught:
        load_dataset(flickr, "train")
    for part in ("not of the form", "without their photo", "photos without captions (1): d.jpg"):
        assert part in str(caught.value)
    with caplog.at_level(logging.WARNING):
        assert found(flickr, "train", allow_missing=True) == {
            "images/a.jpg": ("A dog runs .", "The dog")
        }
    assert "d.jpg" in caplog.text


def test_nothing_left_after_skipping_is_an_empty_split(flickr):
    (flickr / "images" / "c.jpg").unlink()
    with pytest.raises(DatasetError, match="the split 'dev' is empty"):
        load_dataset(flickr, "dev", allow_missing=True)


def test_lines_in_another_encoding_are_named(flickr):
    data = "\n".join([*TOKENS, "a.jpg#7\tA caf\u00e9"]).encode("latin-1")
    (flickr / "Flickr8k.token.txt").write_bytes(data)
    with pytest.raises(DatasetError, match=r"not UTF-8 \(1\): Flickr8k\.token\.txt line 5"):
        load_dataset(flickr, "train")
    assert len(load_dataset(flickr, "train", allow_missing=True)) == 2


def test_utf16_is_refused_by_its_name(flickr):
    write(flickr / "Flickr8k.token.txt", *TOKENS, encoding="utf-16")
    with pytest.raises(DatasetError, match=r"token\.txt: is written in UTF-16; save it as UTF-8"):
        load_dataset(flickr, "train", allow_missing=True)


def test_captions_are_normalised_as_metrics_see_them():
    assert normalise_caption("  A man's T-shirt , 'red' & 2 DOGS .") == (
        "a man's t shirt red 2 dogs"
    )
    assert normalise_caption("...") == ""


def test_public_names():
    assert all(hasattr(datasets, name) for name in datasets.__all__)
