"""News sites by feed, sitemap or listing."""
