"""Tests of the mailbox types; `contract` says what each of them must do."""
