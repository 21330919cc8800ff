"""What goes out: what is due is observed, composed into messages, and delivered over channels."""
