"""What tests create: objects of Nautobot (core) and messages (mail)."""
