"""Mailboxes: one package for each kind, behind the contract in ``base``. No Django."""
