"""Mailboxes: one package a kind, behind the contract in ``base``. No Django."""
