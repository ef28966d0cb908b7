"""Whole projects as people find them: what a run says of their tests, beside what their own command says by hand."""
