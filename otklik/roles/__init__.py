"""What each role's process does: the parts of the other packages, put together by the configuration."""
