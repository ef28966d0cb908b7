"""The install step of compiled languages and others: packages are fetched, and nothing of the repository runs meanwhile."""
