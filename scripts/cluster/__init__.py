"""A whole site on several machines of its own, and what happens when one of them fails (`make test-cluster`)."""
