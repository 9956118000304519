//! Values that every layer speaks: names, instances, time, agents, views and refusals.
