"""Text from strangers, fit for a terminal or a log."""

_SHORT = 160  # characters


def one_short_line(text: str) -> str:
    """The beginning of the text, with a space for whatever cannot be printed."""
    return "".join(character if character.isprintable() else " " for character in text[:_SHORT])
