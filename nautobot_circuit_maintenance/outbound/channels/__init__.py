"""The ways out: one module or package for each kind of channel, behind the contract in ``base``."""
