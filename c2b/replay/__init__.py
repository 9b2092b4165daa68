"""Real group-buying records, lived through again: from the first pledge to the last order, on a fast clock.

What the records lack is invented by a seeded generator (invention.py); what people would decide is scripted
(actors.py); everything else is done by the operations that the pages use and by the jobs that the clock runs.
"""
