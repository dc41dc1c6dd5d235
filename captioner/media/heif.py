"""HEIC and HEIF, which phones write: read where the package pillow-heif is installed."""

from typing import BinaryIO

from PIL import ImageFile

from captioner.errors import CodecMissingError, TruncatedFileError


def open_heif(file: BinaryIO, path: str) -> ImageFile.ImageFile:
    """Open a HEIC picture, decoding no pixel of it yet.

    Pillow's list of formats, which belongs to the whole process, stays as it is.

    Raises:
        CodecMissingError: pillow-heif is not installed.
        TruncatedFileError: the header is damaged.
    """
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise CodecMissingError(
            path,
            "is a HEIC picture, which needs the package pillow-heif",
            "pip install 'captionloom[heic]', or save it as JPEG",
        ) from error
    try:
        picture: ImageFile.ImageFile = HeifImageFile(file, path)
    except SyntaxError as error:
        remedy = "copy or download it again"
        raise TruncatedFileError(path, "is cut short or damaged", remedy) from error
    return picture
