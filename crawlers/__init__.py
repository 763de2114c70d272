"""A module per kind of source; each turns settings and a typed cursor into posts."""
