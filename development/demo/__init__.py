"""The app at work, on sample mails."""
