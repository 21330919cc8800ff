"""What stands in a message, found without knowing the provider: moments, windows, IDs, circuits, words of status and impact.

One kind a file. All are frozen values with offsets into ``MailText.text``, so that a page can highlight the words. Nothing
here decides anything: ``gates/`` compares a reading with the candidates.
"""
