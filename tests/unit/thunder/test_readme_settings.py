from pathlib import Path

from tests.tools.settings_page import settings_table

README = Path(__file__).parents[3] / "README.md"
BEGIN, END = "<!-- settings -->\n", "<!-- /settings -->"


def test_the_readme_lists_the_settings_that_there_are() -> None:
    """After a change of settings: put what `python -m tests.tools.settings_page` prints between the two comments."""
    block = README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert block.strip() == settings_table().strip()
