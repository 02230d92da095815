"""The report: one page that opens from disk and says what was asked, delivered, made, judged and degraded."""
