"""Every number of the engine, with its unit and where it comes from.

"Measured" means: chosen with the scenarios in ``benchmarks``; "guess" means nobody measured it.
"""

from __future__ import annotations

# ------------------------------------------------------------------- how media time is mapped
WINDOW_S = 6.0
WINDOW_PER_JITTER = 60.0
"""The minimum of arrival minus media time is taken over this long, and so many jitters more. A
short window follows a change of path sooner, a long one sees through large or slow jitter;
measured: with 400 ms of jitter 10 s leave an error of 62 ms (p95)."""
JITTER_WINDOW_S = 10.0
"""The jitter is the largest lateness within this long."""
BUCKET_S = 0.25
"""Arrivals are kept as one minimum per this long."""
DRIFT_WINDOW_S = 30.0
"""Clocks that run apart are seen as the movement of the minimum over this long."""
DRIFT_LEAST_S = 2.0
DRIFT_LEAST_PER_JITTER = 40.0
"""A movement over less time than this, and so many jitters more, is jitter more often than drift
(measured)."""
DRIFT_JITTERS = 0.2
"""Movement of the minimum by less than this share of the jitter proves no drift; measured: with
delays that wander over 160 ms a slope taken at its word ramps the offset up by 4 ms a second."""
DRIFT_MOST = 0.015
"""Seconds per second. Quartz differs by 0.0001; a provider that labels 29.97 as 30 by 0.001."""
CONFIRM_S = 0.3
"""An earlier arrival than ever counts once nothing still earlier came for this long: packets that
come ever earlier are a source faster than real time, whose arrival says nothing about time."""
CONFIRM_SLACK_S = 0.003
"""While confirming, this much earlier still is drift or timer noise, not a faster source."""
CATCH_UP_MOST_S = 0.5
"""A stream may have begun this late. Whoever begins with a longer lead was sent ahead (guess)."""
HEAD_START_S = 0.25
"""A lead this near to the time by which the other stream began earlier is a late beginning."""
STEP_BUCKETS = 4
STEP_SPAN_S = 4.0
"""A path is longer when the promptest packet of so many buckets is later than every one of as many
before, which began no longer ago than this."""
STEP_LEAST_S = 0.025
"""A drift of DRIFT_MOST moves half as much between the two; less than this nobody sees."""
STEP_MOST_S = 0.4
"""Nor is the other stream kept waiting for longer than this: measured, the deepest a receiver's
jitter buffer grows to (aiortc: 16 packets of 20 ms) is 0.32."""
FAR_S = 0.5
"""A pts that leapt and is off the line by this much began anew; one that leapt onto the line did
not."""
JITTER_MOST_S = 0.4
"""Packets later than this are a stall, not jitter: the depth does not grow for them."""

# ---------------------------------------------------------------------- where a gap is a gap
GAP_LEAST_S = 0.06
GAP_JITTERS = 2.5
"""Sound without pts that comes later than this plus so many jitters begins a new stretch: the
provider sent nothing for its silence. If the lost time is made up for at once, it was a stall."""
MADE_UP_S = 0.015
"""So near to the old line is back on it."""
BURST_S = 0.05
BURST_SHARE = 0.1
"""A stall's backlog comes within this time plus this share of the stall (measured)."""

SUSPECT_MOST_S = 0.3
SUSPECT_S = 1.0
SUSPECT_SHARE = 0.7
"""Sound that comes up to this late after loud sound is the network's fault, unless for this long
all of it is late by this share of the gap: then the source had paused without a sound."""
ESTABLISHED_S = 3.0
ESTABLISHED_JITTERS = 5.0
"""... nor where the line has been followed for that long and never jittered by a fifth of it."""
DOUBT_S = 1.0
DOUBT_SHARE = 1.5
"""A backlog that comes at less than this pace is taken for what comes next."""

# -------------------------------------------------------------------------- how deep it waits
DEPTH_S = 0.04
"""Without jitter: two packets of 20 ms, one being played and one in hand."""
PULL_S = 0.025
"""A pull takes 20 ms at once; the rest is for timers."""
DEPTH_SLACK_S = 0.02
"""Depth is changed, in silence, when it is off by more than this."""
LATE_SHARE = 0.8
LATE_PICTURES = 90
LATE_LEAST = 30
LATE_S = 1.0
"""When a fifth of the last 90 pictures came too late for their sound, for this long, the sound
waits for them: once, in a pause if there is one. Lips that are late all the time are worse."""
SILENCE_KEPT_S = 0.12
"""Of a silence that is shortened this much stays; pauses under it sound like haste (guess)."""
HOLD_S = 2.0
"""When the sound stops in mid-speech the picture waits for it as long as this."""
HOLD_SILENT_S = 0.2
"""Only time in which pictures came within the last 0.2 s counts as waiting: where both streams
stall there is nothing to show anyway."""
REBUFFER_S = 0.02
"""Sound that stopped in mid-speech goes on once this much is there, or what is there is twice as
old as this: one longer hole sounds better than several short ones."""
BREAK_MOST_S = 0.5
"""A hole in speech shorter than this is taken for the network's, a longer one for the source's
(guess)."""
EARLY_PULL_S = 0.015
"""A consumer that pulls this long before it can have played what it has, keeps a buffer."""
EARLY_LEAK = 0.01
"""Share of that lead which is forgotten per pull: its clock may just run fast."""
RUN_ON_S = 0.2
"""Without a pull for this long nobody listens."""
AWAY_S = 1.0
"""Whoever comes back after this long is not given what was said just before; a shorter absence
may have been a busy machine, and every word counts (guess)."""

PAUSE_S = 0.25
"""A source on demand that comes this much later than it could have had paused."""

# ------------------------------------------------------------------------------- pictures
PICTURES_MOST = 30
PICTURES_BYTES = 56e6
PICTURES_LEAST_S = 0.5
"""Unless said so many pictures wait, or as many as take so much memory, which keeps a process that
is sent 1080p at once below 100 MB: freed ones leave holes that cost half as much again (measured).
But never less than this long, above the deepest delay: JITTER_MOST_S and PULL_S."""
LOCK_RATIO = 0.03
"""Rates that agree this well (or are multiples of each other) are locked in phase."""
LOCK_GAIN = 0.25
LOCK_STEP = 0.1
"""A tick moves by at most this share of the interval; encoders and receivers do not notice."""
EASE_S = 0.2
"""The mouth closes within this time after a flush."""
