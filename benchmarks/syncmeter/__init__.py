"""Lip-sync as a number: a flash-and-beep provider in front of a synchroniser, a stopwatch behind.

A ``Scenario`` says how a provider's media arrive, a ``Script`` is one run of it drawn from a seed,
``run`` plays it through a ``System`` and notes when each picture and each 20 ms of sound leave,
``analysis`` turns that into a ``RunResult``, and ``limits`` judges.

The offset of a marker is when its picture left minus when its first audio sample left: positive
is picture late. A receiver lines the two streams up by their RTCP sender reports, which carry the
time of sending, so this is what the viewer sees.
"""
