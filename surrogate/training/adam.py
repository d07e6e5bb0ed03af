"""Adam as Keras computes it, on one flat parameter vector."""

from __future__ import annotations

import math

import torch


class KerasAdam:
    """m <- m + (1 - b1)(g - m),  v <- v + (1 - b2)(g^2 - v),  p <- p - a_t m / (sqrt(v) + eps)

    with a_t = lr sqrt(1 - b2^t) / (1 - b1^t). torch's Adam adds eps after correcting the bias of v;
    Keras adds it before, which matters in the first steps. Source: Kingma and Ba (2015),
    "Adam: a method for stochastic optimization", end of section 2; Keras's defaults.
    """

    def __init__(
        self,
        parameters: torch.Tensor,
        gradients: torch.Tensor,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        """Update `parameters` in place from `gradients`, both flat and of one length."""
        self._parameters, self._gradients = parameters, gradients
        self._mean = torch.zeros_like(parameters)
        self._square = torch.zeros_like(parameters)
        self._root = torch.zeros_like(parameters)
        self._rate, self._beta1, self._beta2 = learning_rate, beta1, beta2
        self._epsilon, self._steps = epsilon, 0

    def step(self) -> None:
        """One update."""
        self._steps += 1
        b1, b2, g = self._beta1, self._beta2, self._gradients
        rate = self._rate * math.sqrt(1 - b2**self._steps) / (1 - b1**self._steps)
        self._mean.lerp_(g, 1 - b1)
        self._square.mul_(b2).addcmul_(g, g, value=1 - b2)
        torch.sqrt(self._square, out=self._root).add_(self._epsilon)
        self._parameters.addcdiv_(self._mean, self._root, value=-rate)
