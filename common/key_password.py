"""Keys of certificates are kept without a password: there would be no one to ask for it."""


def no_password() -> str:
    """Refuse to tell one. Without it, Python's ssl asks on the terminal and waits. OSError."""
    raise OSError("the key is encrypted: give one without a password")
