"""The two clients: the same operations, carried out with and without `await`."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from reconsite_client import operations as ops
from reconsite_client.model import Job, Problem
from reconsite_client.operations import Answer, Call, OnBytes, Operation, Pause, PhotoSource, Result
from reconsite_client.transport import Sink, answer_of, pause_before_retry, request_arguments, unreachable

SECONDS = 60.0
"""For each step of a request; photos are checked while the client waits."""


def _options(server: str, token: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return {"base_url": server.rstrip("/"), "headers": headers, "timeout": SECONDS}


class Client:
    """A connection to one server, as the person whose token it is."""

    def __init__(self, server: str, token: str = "", *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(**_options(server, token), transport=transport)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def sign_in(self, email: str, password: str, *, code: str = "", name: str = "reconsite-client") -> str:
        """Sign in, use the new token from now on, and return it. `code`: of the second factor."""
        body = {"email": email, "password": password, "code": code, "name": name}
        token = str((self._run(ops.send("POST", "/auth/tokens/", body)))["token"])
        self._http.headers["Authorization"] = f"Bearer {token}"
        return token

    def server(self) -> dict[str, Any]:
        """Version, engines, qualities, settings, limits and features of the server."""
        return dict(self._run(ops.get("/server/")))

    def account(self) -> dict[str, Any]:
        """Profile, storage and limits."""
        return dict(self._run(ops.get("/account/")))

    def jobs(self, **filters: Any) -> list[Job]:
        """Your jobs: `q`, `tag`, `state`, `parent`, `created_after`, …, `sort`."""
        return self._run(ops.jobs(**filters))

    def job(self, job_id: str) -> Job:
        """One job."""
        return self._run(ops.as_job(ops.get(f"/jobs/{job_id}/")))

    def create_job(
        self,
        photos: Sequence[PhotoSource],
        *,
        title: str = "",
        on_bytes: OnBytes | None = None,
        idempotency_key: str = "",
        **settings: Any,
    ) -> Job:
        """Create a job from photos (paths or bytes), the main one first, or with `cutout=` instead of that."""
        return self._run(ops.create_job(photos, title, on_bytes, idempotency_key, settings))

    def wait(
        self,
        job_id: str,
        *,
        timeout: float = ops.TIMEOUT_SECONDS,
        on_change: Callable[[Job], object] | None = None,
    ) -> Job:
        """The job once it has ended, in whatever way. Raises TimeoutError."""
        return self._run(ops.wait(job_id, timeout, on_change))

    def download(
        self,
        job_id: str,
        folder: str | os.PathLike[str],
        *,
        names: Iterable[str] | None = None,
        on_bytes: OnBytes | None = None,
    ) -> list[Path]:
        """Save the files of the download menu, or those with `names`, in `folder`."""
        return self._run(ops.download(job_id, Path(folder), names, on_bytes))

    def update(self, job_id: str, **fields: Any) -> Job:
        """Change `title` or `tags`."""
        return self._run(ops.as_job(ops.send("PATCH", f"/jobs/{job_id}/", fields)))

    def cancel(self, job_id: str) -> Job:
        """Cancel a job."""
        return self._run(ops.as_job(ops.send("POST", f"/jobs/{job_id}/cancel/")))

    def retry(self, job_id: str, **settings: Any) -> Job:
        """Queue a failed or cancelled job again, with other settings if there are some."""
        return self._run(ops.as_job(ops.send("POST", f"/jobs/{job_id}/retry/", settings)))

    def remix(self, job_id: str, **settings: Any) -> Job:
        """Make another version of a finished job."""
        return self._run(ops.as_job(ops.send("POST", f"/jobs/{job_id}/remix/", settings)))

    def delete(self, job_id: str) -> None:
        """Delete a job with its files."""
        self._run(ops.send("DELETE", f"/jobs/{job_id}/"))

    def share(self, job_id: str) -> str:
        """The address under which anyone can see the result."""
        return str((self._run(ops.send("POST", f"/jobs/{job_id}/share/")))["url"])

    def bulk(self, action: str, ids: Sequence[str], tags: Sequence[str] = ()) -> list[dict[str, Any]]:
        """One action on several jobs; a result for each."""
        body = {"action": action, "ids": list(ids)} | ({"tags": list(tags)} if tags else {})
        return list((self._run(ops.send("POST", "/jobs/bulk/", body)))["results"])

    def _run(self, operation: Operation[Result]) -> Result:
        """Carry out an operation."""
        answer: Answer | Problem | None = None
        while True:
            try:
                step = ops.advance(operation, answer)
            except StopIteration as done:
                result: Result = done.value
                return result
            if isinstance(step, Pause):
                time.sleep(step.seconds)
                answer = Answer(None)
                continue
            try:
                answer = self._persist(step)
            except Problem as problem:
                answer = problem

    def _persist(self, call: Call) -> Answer:
        """Send a request until it succeeds, fails for good, or has failed too often. Raises Problem."""
        attempt = 1
        while True:
            try:
                return self._send(call)
            except Problem as problem:
                pause = pause_before_retry(problem, call, attempt)
                if pause is None:
                    raise
            time.sleep(pause)
            attempt += 1

    def _send(self, call: Call) -> Answer:
        try:
            if call.target is not None:
                return self._save(call, call.target)
            return answer_of(self._http.request(**request_arguments(call)))
        except httpx.TransportError as error:
            raise unreachable(error) from error

    def _save(self, call: Call, target: Path) -> Answer:
        with self._http.stream(**request_arguments(call), follow_redirects=True) as response:
            if not response.is_success:
                response.read()
                return answer_of(response)
            sink, complete = Sink(target, int(response.headers.get("Content-Length", 0)), call.on_bytes), False
            try:
                for data in response.iter_bytes():
                    sink.write(data)
                complete = True
            finally:
                sink.close(complete=complete)
        return Answer(None)


class AsyncClient:
    """The same as `Client`, to be awaited."""

    def __init__(self, server: str, token: str = "", *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(**_options(server, token), transport=transport)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def sign_in(self, email: str, password: str, *, code: str = "", name: str = "reconsite-client") -> str:
        """Sign in, use the new token from now on, and return it. `code`: of the second factor."""
        body = {"email": email, "password": password, "code": code, "name": name}
        token = str((await self._run(ops.send("POST", "/auth/tokens/", body)))["token"])
        self._http.headers["Authorization"] = f"Bearer {token}"
        return token

    async def server(self) -> dict[str, Any]:
        """Version, engines, qualities, settings, limits and features of the server."""
        return dict(await self._run(ops.get("/server/")))

    async def account(self) -> dict[str, Any]:
        """Profile, storage and limits."""
        return dict(await self._run(ops.get("/account/")))

    async def jobs(self, **filters: Any) -> list[Job]:
        """Your jobs: `q`, `tag`, `state`, `parent`, `created_after`, …, `sort`."""
        return await self._run(ops.jobs(**filters))

    async def job(self, job_id: str) -> Job:
        """One job."""
        return await self._run(ops.as_job(ops.get(f"/jobs/{job_id}/")))

    async def create_job(
        self,
        photos: Sequence[PhotoSource],
        *,
        title: str = "",
        on_bytes: OnBytes | None = None,
        idempotency_key: str = "",
        **settings: Any,
    ) -> Job:
        """Create a job from photos (paths or bytes), the main one first, or with `cutout=` instead of that."""
        return await self._run(ops.create_job(photos, title, on_bytes, idempotency_key, settings))

    async def wait(
        self,
        job_id: str,
        *,
        timeout: float = ops.TIMEOUT_SECONDS,
        on_change: Callable[[Job], object] | None = None,
    ) -> Job:
        """The job once it has ended, in whatever way. Raises TimeoutError."""
        return await self._run(ops.wait(job_id, timeout, on_change))

    async def download(
        self,
        job_id: str,
        folder: str | os.PathLike[str],
        *,
        names: Iterable[str] | None = None,
        on_bytes: OnBytes | None = None,
    ) -> list[Path]:
        """Save the files of the download menu, or those with `names`, in `folder`."""
        return await self._run(ops.download(job_id, Path(folder), names, on_bytes))

    async def update(self, job_id: str, **fields: Any) -> Job:
        """Change `title` or `tags`."""
        return await self._run(ops.as_job(ops.send("PATCH", f"/jobs/{job_id}/", fields)))

    async def cancel(self, job_id: str) -> Job:
        """Cancel a job."""
        return await self._run(ops.as_job(ops.send("POST", f"/jobs/{job_id}/cancel/")))

    async def retry(self, job_id: str, **settings: Any) -> Job:
        """Queue a failed or cancelled job again, with other settings if there are some."""
        return await self._run(ops.as_job(ops.send("POST", f"/jobs/{job_id}/retry/", settings)))

    async def remix(self, job_id: str, **settings: Any) -> Job:
        """Make another version of a finished job."""
        return await self._run(ops.as_job(ops.send("POST", f"/jobs/{job_id}/remix/", settings)))

    async def delete(self, job_id: str) -> None:
        """Delete a job with its files."""
        await self._run(ops.send("DELETE", f"/jobs/{job_id}/"))

    async def share(self, job_id: str) -> str:
        """The address under which anyone can see the result."""
        return str((await self._run(ops.send("POST", f"/jobs/{job_id}/share/")))["url"])

    async def bulk(self, action: str, ids: Sequence[str], tags: Sequence[str] = ()) -> list[dict[str, Any]]:
        """One action on several jobs; a result for each."""
        body = {"action": action, "ids": list(ids)} | ({"tags": list(tags)} if tags else {})
        return list((await self._run(ops.send("POST", "/jobs/bulk/", body)))["results"])

    async def _run(self, operation: Operation[Result]) -> Result:
        """Carry out an operation."""
        answer: Answer | Problem | None = None
        while True:
            try:
                step = ops.advance(operation, answer)
            except StopIteration as done:
                result: Result = done.value
                return result
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                answer = Answer(None)
                continue
            try:
                answer = await self._persist(step)
            except Problem as problem:
                answer = problem

    async def _persist(self, call: Call) -> Answer:
        """Send a request until it succeeds, fails for good, or has failed too often. Raises Problem."""
        attempt = 1
        while True:
            try:
                return await self._send(call)
            except Problem as problem:
                pause = pause_before_retry(problem, call, attempt)
                if pause is None:
                    raise
            await asyncio.sleep(pause)
            attempt += 1

    async def _send(self, call: Call) -> Answer:
        try:
            if call.target is not None:
                return await self._save(call, call.target)
            return answer_of(await self._http.request(**request_arguments(call)))
        except httpx.TransportError as error:
            raise unreachable(error) from error

    async def _save(self, call: Call, target: Path) -> Answer:
        async with self._http.stream(**request_arguments(call), follow_redirects=True) as response:
            if not response.is_success:
                await response.aread()
                return answer_of(response)
            sink, complete = Sink(target, int(response.headers.get("Content-Length", 0)), call.on_bytes), False
            try:
                async for data in response.aiter_bytes():
                    sink.write(data)
                complete = True
            finally:
                sink.close(complete=complete)
        return Answer(None)
