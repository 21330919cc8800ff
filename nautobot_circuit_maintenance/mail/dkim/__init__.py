"""Signatures of messages (DKIM, RFC 6376), verified by the app itself where no mail server reports on them.

``fallback`` is what others import. The rest needs the libraries of the extra "dkim", and is imported on first use.
"""
