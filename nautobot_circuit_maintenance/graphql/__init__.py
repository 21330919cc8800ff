"""GraphQL: see ``types``."""
