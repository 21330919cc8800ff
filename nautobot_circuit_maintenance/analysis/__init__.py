"""Questions asked of the stored data: no HTTP, no forms, and the time is a parameter."""
