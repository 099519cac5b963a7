"""Figures for Prometheus, by its own client library, on an address of this machine's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from fleet.views.metrics import Metric


class FigureCollector(Collector):
    """Asks for the figures whenever Prometheus does."""

    def __init__(self, figures: Callable[[], Iterable[Metric]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Family]:
        """The figures as the library has them."""
        for figure in self._figures():
            names = [name for name, _ in next(iter(figure.samples), ())]
            family = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
            made = family(figure.name, figure.help, labels=names)
            for labels, value in figure.samples.items():
                made.add_metric([text for _, text in labels], value)
            yield made


def serve(figures: Callable[[], Iterable[Metric]], host: str, port: int) -> tuple[int, Callable[[], None]]:
    """Serve them at `/metrics` in a thread: the port (0: any), and what ends it. OSError: it can't."""
    registry = CollectorRegistry()
    registry.register(FigureCollector(figures))
    server, thread = start_http_server(port, host, registry)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, end
