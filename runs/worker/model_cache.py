"""The cache of model answers for a run: the MGX_CACHE_BACKEND, separate for each workspace."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.conf import settings

from agent.models.cache import MemoryCache, MemoryStore, RedisCache, WriteOnly
from agent.ports import ModelCache, NoCache
from mgx_project.common.fields import cipher

from ..models import TaskRun

_store = MemoryStore()


@asynccontextmanager
async def model_cache(run: TaskRun) -> AsyncIterator[ModelCache]:
    """A retry or revision stores its answers but does not read the cache, since it exists because of a bad answer."""
    tenant = hashlib.sha256(str(run.workspace_id).encode()).hexdigest()[:32]
    prefix, ttl = f"mgx:model-answers:{tenant}:", settings.MGX_CACHE_TTL_SECONDS
    cache: MemoryCache | RedisCache
    if settings.MGX_CACHE_BACKEND == "none":
        yield NoCache()
        return
    if settings.MGX_CACHE_BACKEND == "memory":
        cache = MemoryCache(_store, prefix, ttl)
    else:
        cache = RedisCache(settings.REDIS_URL, prefix, ttl, seal=cipher().encrypt, unseal=cipher().decrypt)
    try:
        yield WriteOnly(cache) if run.parent_run_id else cache
    finally:
        await cache.aclose()
