from pathlib import Path

from tests.tools.metrics_page import metrics_table

README = Path(__file__).parents[3] / "README.md"
BEGIN, END = "<!-- metrics -->\n", "<!-- /metrics -->"


def test_the_readme_lists_the_metrics_that_there_are() -> None:
    """After a change of metrics: put what `python -m tests.tools.metrics_page` prints between the two comments."""
    block = README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert block.strip() == metrics_table().strip()
