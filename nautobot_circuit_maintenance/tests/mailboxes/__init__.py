"""Tests of the mailbox types; `contract` has what each of them must do."""
