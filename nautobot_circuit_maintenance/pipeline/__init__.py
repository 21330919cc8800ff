"""From a mailbox to maintenances.

Read the modules in this order; each step only knows the values of the one before.

1. ``run`` reads source by source: ``mailboxes`` *fetch* what is new as ``MailMessage`` values,
2. ``senders`` *identifies* the provider of each sender, ``admission`` decides whether the sender is confirmed,
3. ``record`` stores every message with that verdict before anything tries to parse it,
4. ``queue`` hands waiting notifications to ``digest``, which *parses* them a ``chunk`` at a time with ``reading``,
5. ``apply`` concludes each maintenance from all updates about it and writes the difference,
6. ``report`` counts what happened.
"""
