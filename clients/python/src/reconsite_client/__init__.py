"""Client of Reconsite: sync and async, with upload progress, waiting, and retries that honour Retry-After."""

from reconsite_client.clients import AsyncClient, Client
from reconsite_client.model import Job, Problem

__all__ = ["AsyncClient", "Client", "Job", "Problem"]
