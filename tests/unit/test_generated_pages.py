import json

from tests.tools import benchmark_tables, metrics_page, plan_example, settings_page, values_table


def test_the_page_of_metrics_is_up_to_date() -> None:
    assert metrics_page.PAGE.read_text(encoding="utf-8") == metrics_page.metrics_page()


def test_the_page_of_settings_is_up_to_date() -> None:
    assert settings_page.PAGE.read_text(encoding="utf-8") == settings_page.settings_page()


def test_the_table_of_values_is_up_to_date() -> None:
    page = values_table.PAGE.read_text(encoding="utf-8")
    assert page == values_table.with_table(page)


def test_the_worked_plan_is_up_to_date() -> None:
    page = plan_example.PAGE.read_text(encoding="utf-8")
    assert page == plan_example.with_example(page)


def test_the_accepted_figures_are_those_of_the_page() -> None:
    page = benchmark_tables.PAGE.read_text(encoding="utf-8")
    accepted = json.loads(benchmark_tables.ACCEPTED.read_text(encoding="utf-8"))
    assert page == benchmark_tables.with_tables(page, accepted)
