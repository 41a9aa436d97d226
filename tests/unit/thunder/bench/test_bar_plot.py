from xml.etree import ElementTree

from thunder.bench.bar_plot import read_plot


def row(follows: int, core: str, value: float) -> dict[str, object]:
    return {
        "follows": follows,
        "max_results": 1200,
        "core": core,
        "requests_per_cpu_second": value,
        "ratio_to_naive": value / 10,
    }


def test_each_server_has_a_bar_and_naive_one_a_kind() -> None:
    plot = read_plot([row(50, "python", 200), row(50, "native", 600), row(200, "python", 100), row(200, "native", 400)])
    root = ElementTree.fromstring(plot)  # noqa: S314 # drawn here
    texts = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert [text for text in texts if text and "follows" in text] == ["50 follows x 1,200", "200 follows x 1,200"]
    assert [text for text in texts if text and "x)" in text] == [
        "200 (20.0 x)",
        "600 (60.0 x)",
        "100 (10.0 x)",
        "400 (40.0 x)",
    ]
    assert texts.count("10") == 2
