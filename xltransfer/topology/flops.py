"""FLOPs of a program's matrix products, from its trace."""

import math
from typing import Any

from jax.extend import core


def products(jaxpr: core.Jaxpr) -> int:
    """Returns the FLOPs of all matrix products, two for each multiplication.

    The body of a scan counts as often as it runs, what is computed again for
    a gradient counts again, and of branches the costliest counts. The body of
    a loop that ends by what it computes (decoding) counts once. Everything
    else of a transformer step is below 2 % of this.
    """
    return sum(_of(one) for one in jaxpr.eqns)


def _of(equation: Any) -> int:
    name, params = equation.primitive.name, equation.params
    if name == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        left = equation.invars[0].aval.shape
        depth = math.prod(left[axis] for axis in contracted)
        return 2 * depth * math.prod(equation.outvars[0].aval.shape)
    if name == "cond":
        return max(products(one.jaxpr) for one in params["branches"])
    inner = sum(
        products(getattr(value, "jaxpr", value))
        for value in params.values()
        if hasattr(value, "eqns") or hasattr(value, "jaxpr")
    )
    return inner * params["length"] if name == "scan" else inner
