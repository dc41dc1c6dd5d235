"""The picture of the page that README.md shows; here of a page with stand-ins for the models."""

from PIL import Image

from tools.screenshot import take


def test_the_picture_of_the_readme_shows_a_captioned_photo(browser, server, tmp_path):
    output = tmp_path / "docs" / "web-page.png"
    take(browser, server.address, output)
    with Image.open(output) as picture:
        assert picture.size == (1120, 860)
        assert len(picture.getcolors()) > 50
    assert output.stat().st_size < 200_000
