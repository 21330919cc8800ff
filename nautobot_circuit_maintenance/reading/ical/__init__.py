"""iCalendar streams (RFC 5545), read tolerantly: content lines, time zones, recurrence."""
