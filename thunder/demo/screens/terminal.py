"""A screen for terminals: notes scroll by, below them the timeline stays in place and changes."""

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.text import Text

from thunder.cli.timeline_output import timeline_entries, timeline_table
from thunder.demo.roles import Addresses
from thunder.demo.screens.screen import TimelineView, address_lines, answer_line, status_line, title

_MAX_ROWS = 20
_LINES_AROUND = 8  # table head and some air
_INDENT = 2


class TerminalScreen:
    """Draws on the console until closed; the last picture stays."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(console=console, auto_refresh=True, refresh_per_second=8)
        self._live.start()

    def note(self, line: str) -> None:
        """Prints the line above the picture."""
        bullet, text = Text("• ", style="cyan"), Text(line)
        self._console.print(bullet + text, soft_wrap=True)

    def progress(self, line: str) -> None:
        """Draws the line beside a spinner."""
        self._spinner.update(text=Text(line, style="dim"))
        self._live.update(self._spinner)

    def show(self, view: TimelineView) -> None:
        """Draws as many rows as there is room for: texts wrap, so that no number in them is cut."""
        head = Text(title(view), style="bold cyan")
        answer = Text(answer_line(view))
        status = Text(status_line(view.status), style="dim")
        width = self._console.width - _INDENT
        lines = sum(len(text.wrap(self._console, width)) for text in (head, answer, status))
        rows = max(1, min(_MAX_ROWS, self._console.height - _LINES_AROUND - lines))
        entries = timeline_entries(view.answer.response.posts[:rows], view.feed.name_of, view.now)
        table = timeline_table(entries, width)
        picture = Group(head, table, answer, status)
        self._live.update(Padding(picture, (1, 0, 0, _INDENT)), refresh=True)

    def ready(self, addresses: Addresses) -> None:
        """Draws the addresses."""
        self._live.update(Text("\n".join((*address_lines(addresses), "", "Ready; Ctrl-C stops everything"))))

    def close(self) -> None:
        """Leaves the last picture in place."""
        self._live.stop()
