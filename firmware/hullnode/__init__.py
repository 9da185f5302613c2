"""The node application: sensors, sampler, link and outputs, everything injected and polled."""
