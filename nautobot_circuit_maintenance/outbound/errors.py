"""What sending raises by itself."""


class Silent(Exception):
    """Nothing may be sent for a subscription; ``str()`` is the reason for the operator, with its code in front."""
