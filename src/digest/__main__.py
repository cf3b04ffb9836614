"""``python -m digest``, and the command `digest`.

The faces are imported by the call, not by this file: the processes that read documents import
their parent's main file again, and need none of it.
"""


def main() -> None:
    """The entry point `digest`."""
    from digest.cli import main as digest

    digest()


if __name__ == "__main__":
    main()
