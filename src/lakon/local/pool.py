"""The environments of one configuration of one function version, and the invocations that wait for one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from lakon.local.environment import ExecutionEnvironment
    from lakon.local.functions import Function
    from lakon.local.runs import Run


class Pool:
    """Which environments there are for a version, and what they are about.

    An environment that is `finishing` has answered, but not yet asked for its next event. A run may wait for it: as a
    rule it asks within the next millisecond, and to start another takes far longer.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.retired = False
        self.idle: list[ExecutionEnvironment] = []
        self.finishing: set[ExecutionEnvironment] = set()
        self.waiting: list[Run] = []
        self.wanted = 0  # how many environments are to be ready before they are needed
        self.provisioned: set[ExecutionEnvironment] = set()
        self.under_way = 0
        self.initializing: asyncio.Task[None] | None = None

    def take(self, tenant: str) -> ExecutionEnvironment | None:
        """The idle environment that worked last, for tenants never work in one another's."""
        for environment in reversed(self.idle):
            if environment.tenant == tenant:
                self.idle.remove(environment)
                return environment
        return None

    def soon_free(self, tenant: str) -> bool:
        """Whether an environment is finishing that no run of the tenant waits for yet."""
        if not self.finishing:
            return False
        waiting = sum(run.call.tenant_id == tenant for run in self.waiting)
        return sum(each.tenant == tenant for each in self.finishing) > waiting

    def next_run(self, tenant: str) -> Run | None:
        """The run of the tenant that has waited longest; it waits no more."""
        for run in self.waiting:
            if run.call.tenant_id == tenant:
                self.waiting.remove(run)
                return run
        return None
