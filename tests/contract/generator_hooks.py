"""Loaded by schemathesis: the content type of a resumable upload holds bytes, as any file does."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
