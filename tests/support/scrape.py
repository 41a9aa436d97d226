"""Reading a role's metrics."""

from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """One reading of /metrics, e.g. Scrape.of(port).value("kafka_partition_lag", topic="t", partition="0")."""

    def __init__(self, text: str) -> None:
        """Parse the Prometheus text format."""
        families = text_string_to_metric_families(text)
        self._samples = [sample for family in families for sample in family.samples]

    @classmethod
    def of(cls, http_port: int) -> "Scrape":
        """Fetch /metrics from a port of the loopback interface."""
        with urlopen(f"http://127.0.0.1:{http_port}/metrics", timeout=10) as response:
            return cls(response.read().decode())

    def value(self, name: str, **labels: str) -> float:
        """Sum of the samples of this full name (with _total, _count ...) that carry these labels; fail at none."""
        values = [
            sample.value for sample in self._samples if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert values, f"no sample {name} {labels}; there are {sorted(self.names())}"
        return sum(values)

    def names(self) -> set[str]:
        """Full names of all samples."""
        return {sample.name for sample in self._samples}

    def labels(self, name: str, label: str) -> set[str]:
        """Values that the label has in the samples of this full name; none when there are no samples."""
        return {sample.labels[label] for sample in self._samples if sample.name == name}
