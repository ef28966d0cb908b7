"""`?from=&to=&bucket=` of summaries: a bounded stretch of time cut into equal pieces, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.utils.dateparse import parse_date, parse_datetime

from . import clock
from .errors import BadRequest
from .query_parameters import refuse_unknown

BUCKETS: Mapping[str, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
DEFAULT_SPAN = timedelta(days=30)
MAX_BUCKETS = 1000


@dataclass(frozen=True)
class Period:
    """``since`` is included, ``until`` is not. ``bucket`` is a key of BUCKETS or empty."""

    since: datetime
    until: datetime
    bucket: str


def read_period(params: Mapping[str, str], *, bucket: str = "") -> Period:
    """Raises BadRequest for unknown parameters, invalid times, or more than MAX_BUCKETS pieces."""
    refuse_unknown(params, ("from", "to", "bucket"))
    until = _moment(params, "to") or clock.now()
    since = _moment(params, "from") or _before(until)
    if since >= until:
        raise BadRequest("from must be earlier than to.", field="from")
    bucket = params.get("bucket", bucket)
    if bucket and bucket not in BUCKETS:
        raise BadRequest(f"bucket must be one of {', '.join(BUCKETS)}.", field="bucket")
    if bucket and (until - since) / BUCKETS[bucket] > MAX_BUCKETS:
        raise BadRequest(
            f"This range has more than {MAX_BUCKETS} buckets. Use a larger bucket or a shorter range.", field="bucket"
        )
    return Period(since=since, until=until, bucket=bucket)


def _before(until: datetime) -> datetime:
    try:
        return until - DEFAULT_SPAN
    except OverflowError:
        raise BadRequest("to is too early.", field="to") from None


def _moment(params: Mapping[str, str], name: str) -> datetime | None:
    text = params.get(name)
    if not text:
        return None
    # "+" of an offset arrives as a space from clients that don't encode it.
    spelled = text.replace(" ", "+") if text.count(" ") == 1 and "T" in text else text
    try:
        day = parse_date(text)
        moment = datetime.combine(day, time.min) if day else parse_datetime(spelled)
        if moment is None:
            raise ValueError(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(f"{name} must be a date or an RFC 3339 time, for example 2026-01-31T12:00:00Z.", field=name) from None
