"""Building blocks of every page: formatting, links, panels."""
