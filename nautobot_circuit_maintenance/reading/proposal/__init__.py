"""The filled form: what a message that no parser reads most likely announces, why, and what else it could be."""
