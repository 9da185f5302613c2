"""States of a trend, and what an event of it says.

    (old state, new state, cause, chart, value, threshold, rate, reference)

cause    value and threshold                         rate, reference
LEARNED  windows learned, windows asked for          baseline, its standard uncertainty
ROSE     the chart's sum and threshold, 1/1024 σ     of the window, baseline (CEASED: the limit)
FELL     the same                                    of the window, baseline
FADED    0, 0                                        of the window, baseline
TWICE    lower bound of the ratio and 2, in 10^-6    mean of the look, baseline
QUIET    samples in quiet windows, samples asked     largest bound among them, the limit
ABOVE    lower bound of the window, the limit        of the window, the limit
TOLD     0, 0 (by the caller)                        declared rate or 0, old baseline or deviation

`chart` is the number `hullcore.cusum.Bank.add` returned, 0 where no chart decided.
"""

LEARNING = 0
STEADY = 1
RISING = 2
DOUBLED = 3
CEASED = 4
RESURGED = 5
STATES = ("LEARNING", "STEADY", "RISING", "DOUBLED", "CEASED", "RESURGED")

LEARNED = 1
ROSE = 2
FELL = 3
FADED = 4
TWICE = 5
QUIET = 6
ABOVE = 7
TOLD = 8
CAUSES = ("", "LEARNED", "ROSE", "FELL", "FADED", "TWICE", "QUIET", "ABOVE", "TOLD")
