"""A demo for the eyes: remarks scroll by, below them the timeline stays in place and changes."""

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.text import Text

from thunder.cli.timeline_output import timeline_entries, timeline_table
from thunder.demo.roles import Addresses
from thunder.demo.screens.screen import View, address_lines, answer_line, status_line, title

_MOST_ROWS = 20
_MARGIN = 2
_LINES_AROUND = 11  # title, table head, status and some air


class TerminalScreen:
    """Draws on the console until closed; the last picture stays."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(console=console, auto_refresh=True, refresh_per_second=8)
        self._live.start()

    def say(self, line: str) -> None:
        bullet, text = Text("• ", style="cyan"), Text(line)
        self._console.print(bullet + text, soft_wrap=True)

    def wait(self, line: str) -> None:
        self._spinner.update(text=Text(line, style="dim", no_wrap=True))
        self._live.update(self._spinner)

    def show(self, view: View) -> None:
        rows = max(5, min(_MOST_ROWS, self._console.height - _LINES_AROUND))
        lines = timeline_entries(view.answer.response.posts[:rows], view.feed.name_of, view.now)
        self._live.update(
            Padding(
                Group(
                    Text(title(view), style="bold cyan", no_wrap=True),
                    timeline_table(lines, self._console.width - _MARGIN),
                    Text(answer_line(view), no_wrap=True),
                    Text(status_line(view.status), style="dim", no_wrap=True),
                ),
                (1, 0, 0, _MARGIN),
            ),
            refresh=True,
        )

    def ready(self, addresses: Addresses) -> None:
        self._live.update(Text("\n".join((*address_lines(addresses), "", "Ready; Ctrl-C stops everything"))))

    def close(self) -> None:
        self._live.stop()
