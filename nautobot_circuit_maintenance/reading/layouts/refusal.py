"""Why a layout does not read a message."""


class Refusal(Exception):
    """A layout does not read a message; the text is a sentence for a person."""
