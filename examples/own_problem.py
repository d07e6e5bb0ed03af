"""Two pumps in parallel: the least power that delivers 5 m3/h; what a pump draws is learned."""

import numpy as np
import pyomo.environ as pyo

box = [(0.0, 4.0), (0.6, 1.0)]  # flow in m3/h, and speed as a share of the largest
optimum = 1.089733  # kW, with 2.5 m3/h through each: so that regrets are known


def truth(x):
    """Power in kW at a flow and a speed."""
    flow, speed = x
    return speed**3 + 0.4 * flow * speed**2 + 0.15 * np.sin(2.0 * flow) * speed


def build(surrogate):
    """Each pump with a copy of the network."""
    m = pyo.ConcreteModel()
    m.pump = pyo.Set(initialize=["a", "b"])
    m.flow = pyo.Var(m.pump, bounds=(0, 4))
    m.speed = pyo.Var(m.pump, bounds=(0.6, 1))
    m.net = pyo.Block(m.pump)
    power = [surrogate(m.net[p], [m.flow[p], m.speed[p]])[0] for p in m.pump]
    m.demand = pyo.Constraint(expr=sum(m.flow.values()) == 5)
    m.reach = pyo.Constraint(m.pump, rule=lambda m, p: m.flow[p] <= 4 * m.speed[p])
    m.objective = pyo.Objective(expr=sum(power))
    return m
