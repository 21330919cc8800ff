"""Mail in, maintenance out.

Read the modules in this order; each step knows only the values between them.

1. ``mailboxes`` open a source and *fetch* what is new as ``MailMessage`` values,
2. ``identify`` says which provider a sender belongs to, and which parsers read its mail,
3. ``pipeline`` *records* every message before anything tries to understand it,
4. ``parse`` turns its raw bytes into ``MaintenanceUpdate`` values,
5. ``conclude`` derives a maintenance from all updates about it, ``apply`` writes the difference.

``values`` and ``errors`` are the words these steps share; ``pipeline`` owns transactions, outcomes and logging.
"""
