"""Segments in a store that speaks S3, or in any other that obstore knows.

A pack is one object that holds the segments of one batch: it is there as a whole or not at all. The index has noted its
name before, so what a crash leaves behind is found without a list of all objects. An object is deleted with the last
segment in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from keifu.errors import CheckFailed, EnvironmentFault
from keifu.storage.packs import File, Frame, Place

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = ["Objects", "open_objects"]

_DAMAGED = "repair it from other shards"


class Objects:
    """Blobs in objects below a prefix, which one node alone uses."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store, self._prefix = store, prefix.strip("/")

    def write(self, frames: Sequence[Frame], new_pack: Callable[[], int]) -> list[Place]:
        """Raises EnvironmentFault when the store does not take them; none of them is there then."""
        pack = new_pack()
        try:
            self._store.put(self._name(pack), [frame.data for frame in frames], use_multipart=False)
        except Exception as error:  # obstore has a class for each service's faults, and passes on its transport's
            raise EnvironmentFault(
                f"the object store takes no segment: {_line(error)}", remedy="check its address, keys and room"
            ) from error
        places, offset = [], 0
        for frame in frames:
            places.append(Place(pack, offset, len(frame.data)))
            offset += len(frame.data)
        return places

    def recover(self, pack: int, indexed: int) -> Iterator[tuple[Frame, Place]]:  # noqa: ARG002 - files have tails
        """An object that nobody heard of the end of is dropped, as it has no segment in the index."""
        yield from ()

    def read(self, place: Place) -> bytes:
        """Raises CheckFailed when the store has lost it."""
        try:
            data = self._store.get_range(self._name(place.pack), start=place.offset, length=place.size)
        except FileNotFoundError as error:
            raise CheckFailed("the object store has lost a segment", remedy=_DAMAGED) from error
        except Exception as error:
            raise EnvironmentFault(f"the object store does not answer: {_line(error)}", remedy="try again") from error
        return bytes(data)

    def file(self, place: Place) -> File | None:  # noqa: ARG002 - the bytes are elsewhere
        return None

    def read_past_cache(self, places: Sequence[Place]) -> None:  # noqa: ARG002 - the bytes are elsewhere
        return None

    def erase(self, places: Sequence[Place]) -> None:
        """Objects have no holes."""

    def drop(self, pack: int) -> bool:
        try:
            self._store.delete(self._name(pack))
        except FileNotFoundError:
            return True
        except Exception as error:
            raise EnvironmentFault(f"the object store deletes nothing: {_line(error)}", remedy="try again") from error
        return True

    def close(self) -> None:
        """Nothing is open."""

    def _name(self, pack: int) -> str:
        # The last digits come first: services spread objects by the beginning of their names.
        digits = f"{pack:012}"
        return f"{self._prefix}/{digits[-3:]}/{digits}"


def open_objects(url: str, prefix: str, **options: Any) -> Objects:
    """`url` is s3://bucket, or of another scheme that obstore knows; `options` are its, as `endpoint`."""
    from obstore.store import from_url  # noqa: PLC0415 - who stores on a local disk never loads it

    try:
        return Objects(from_url(url, **options), prefix)
    except Exception as error:
        raise EnvironmentFault(f"{url} is no object store: {_line(error)}", remedy="write it as s3://bucket") from error


def _line(error: Exception) -> str:
    return str(error).splitlines()[0][:200]
