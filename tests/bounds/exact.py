"""An oracle without rounding."""

from fractions import Fraction


def exact_layers(net, x):
    """a_1 .. a_K at x in rational arithmetic."""
    h, layers = [Fraction(v) for v in x], []
    for w, b in zip(net.weights, net.biases, strict=True):
        a = [
            sum((h_i * Fraction(w_i) for h_i, w_i in zip(h, column, strict=True)), Fraction(b_j))
            for column, b_j in zip(w.T.tolist(), b.tolist(), strict=True)
        ]
        layers.append(a)
        h = [max(v, Fraction(0)) for v in a]
    return layers
