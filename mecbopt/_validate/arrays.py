"""Arrays of numbers where nothing has to stay exact; callables and executors."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import MecboptError, ProblemError

__all__ = ["callback", "executor_or_none", "numeric_array", "refuse_masked", "without_tensors"]


def numeric_array(
    name: str, values: Any, required: str, error: type[MecboptError] = ProblemError
) -> NDArray[Any]:
    """An array of its own with entries of one of numpy's real types, whatever holds them.

    Parameters
    ----------
    name, required : str
        For the message.
    values : array_like
        Also a tensor, with or without a gradient.
    error : type
        What is raised.

    Raises
    ------
    MecboptError
        No array of real numbers, masked entries, integers beyond every float.
    """
    if type(values) is np.ndarray and values.dtype.kind in "iuf":
        return values.copy()  # the rest of this takes longer than a small problem
    given, values = values, without_tensors(values)
    if values is None:
        raise error(argument=name, value=given, required=required)
    refuse_masked(name, values, error)
    try:
        with warnings.catch_warnings():  # of a list with masked entries numpy makes nan, and says so
            warnings.filterwarnings("error", ".*masked element", UserWarning)
            array = np.array(values)
            if array.dtype.kind == "O":
                array = array.astype(np.float64)
    except UserWarning as reason:
        raise _masked(name, values, error) from reason
    except (TypeError, ValueError, OverflowError, RuntimeError) as reason:
        # Rows of different lengths, no array at all, or what one of its entries says of itself.
        raise error(argument=name, value=values, required=required) from reason
    if array.dtype.kind not in "iuf":
        raise error(argument=name, value=values, required=required)
    return array


def without_tensors(values: Any) -> Any:
    """A tensor of torch as an array, None for one that holds no array; anything else as it is."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(values, torch.Tensor):
        return values
    if values.is_meta or values.layout is not torch.strided:  # without entries, or with some of them alone
        return None
    values = values.detach().cpu()
    return (values.double() if values.is_floating_point() else values).numpy()


def refuse_masked(name: str, values: Any, error: type[MecboptError] = ProblemError) -> None:
    """Raise where entries of an array are masked: what stands below the mask is no value."""
    if np.ma.is_masked(values):
        raise _masked(name, values, error)


def _masked(name: str, values: Any, error: type[MecboptError]) -> MecboptError:
    return error(argument=name, value=values, found="has masked entries", remedy="fill them")


def callback(name: str, value: Any) -> Callable[..., object] | None:
    """A function that is called now and then, or None.

    Raises
    ------
    ProblemError
        Neither.
    """
    if value is not None and not callable(value):
        raise ProblemError(argument=name, value=value, required="be a function, or None")
    found: Callable[..., object] | None = value
    return found


def executor_or_none(executor: Any) -> Executor | None:
    """Where work may be handed to, or None.

    Raises
    ------
    ProblemError
        Neither.
    """
    if executor is not None and not isinstance(executor, Executor):
        raise ProblemError(
            argument="executor",
            value=executor,
            required="be a concurrent.futures.Executor",
            remedy="dask, mpi4py and loky have one",
        )
    return executor
