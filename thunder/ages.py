"""Time spans as people say them."""

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def in_words(seconds: float) -> str:
    """The span in its largest whole unit: 4 s, 12 min, 5 h, 3 d; "now" below one second and for what is to come."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"
