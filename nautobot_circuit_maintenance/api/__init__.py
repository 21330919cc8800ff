"""The REST API under /api/plugins/circuit-maintenance/."""
