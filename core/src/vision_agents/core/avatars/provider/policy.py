"""Every number of the supervision, with its unit and where it comes from."""

from __future__ import annotations

# -- What counts as sound -------------------------------------------------------------------------
LOUD_DBFS = -50.0
"""Below this a window of sound is a pause. Room noise of a good voice lies under -60 dBFS."""
WINDOW_S = 0.02
"""Length over which loudness is taken: one packet of the usual codecs."""
PAUSE_S = 0.06
"""Shortest run of quiet windows that counts as a pause; stops inside words are shorter."""

# -- Starting -------------------------------------------------------------------------------------
PHASE_TIMEOUT_S = 15.0
"""Longest single phase of a start. The slowest service documents 5 s as typical."""
START_PATIENCE_S = 5.0
"""Speech that waits this long for the first session is spoken without the face."""

# -- Calls to a session ---------------------------------------------------------------------------
CALL_TIMEOUT_S = 5.0
"""A send that takes longer has lost its connection: it hands over at most one second of sound."""
DISCONNECT_TIMEOUT_S = 5.0
"""Ending a session is one REST call and a closed socket; two seconds are usual."""
INTERRUPT_TIMEOUT_S = 1.0
"""How long ``interrupt()`` waits until the service has been told; the cut is local and earlier."""

# -- Speech on its way ----------------------------------------------------------------------------
MAX_UNSPOKEN_S = 30.0
"""Speech taken from the agent and not yet spoken; beyond it the agent's stream fills up."""
MAX_HELD_S = 10.0
"""Sound kept of a session that speaks before its turn; a second is usual."""
MAX_HELD_FRAMES = 60
"""Pictures kept of it: two seconds, 80 MB at 1280x720 yuv420p."""
FIRST_LATENCY_S = 0.5
"""Assumed time from the first chunk sent to the first sound back, until it was measured."""
HANDOVER_MARGIN_S = 0.3
"""A change of mouth in mid-utterance is placed this far beyond that latency."""

CUT_BEFORE_S = 0.5
CUT_AFTER_S = 1.5
"""What a service may still send after a barge-in lies this close about the position."""
HANDOVER_WORTH_S = 1.0
"""With less than this left of an utterance, the change waits for its end."""

# -- When speech does not come back ---------------------------------------------------------------
BRIDGE_AFTER_S = 0.45
"""Silence in mid-utterance after which the voice goes on alone. Listeners take half a second for
a pause in thought; with the engine's depth and one tick it stays under 0.7 s."""
ALIVE_WITHIN_S = 0.2
"""A session whose sound came this recently lives; services send ten packets in that time."""
NEGLECTED_S = 2.0
"""So much speech that is not sent, though nothing stands in its way, is spoken by the voice."""
CRUMB_LEAST_S = 0.1
"""Silence in the place of so much of an utterance's end is its end, and is not spoken again. More
is not let go where nothing got lost yet: then it is a service that fell silent just there."""
LOSSY_FROM_SHARE = 0.005
CRUMB_SHARE = 0.1
CRUMB_MOST_S = 0.3
LOSSY_CRUMB_SHARES = 3.0
LOSSY_CRUMB_MOST_S = 0.8
"""Where more than half a per cent of the speech got lost, it may be a tenth of the utterance, at
most 0.3 s, or three times the share that got lost. A network with 2 % loss and 40 ms of jitter
took 0.13 s from the edges of 3 s; to speak that again would be heard."""
SILENCE_ENDS_S = 0.3
"""Silence that has come for this long after an utterance's end was sent: it is over."""
RESUME_REACH_S = 0.3
"""How far back a resumed utterance may begin to start at a pause between words."""
REPEAT_S = 0.06
"""How far back it begins where there is no pause: better a sound twice than a word lost."""
TICK_S = 0.05
"""How often the supervisor looks at its deadlines."""

VOICE_LEAD_S = 0.1
"""How far ahead of playout the voice alone is written: one barge-in throws that much away."""

# -- Trying again ---------------------------------------------------------------------------------
BACKOFF_FIRST_S = 0.25
BACKOFF_FACTOR = 2.0
BACKOFF_CAP_S = 30.0
BACKOFF_JITTER = 0.2
"""Share by which a delay varies, so that many calls do not return at the same instant."""
DEGRADED_AFTER = 4
"""Failed attempts in a row after which the avatar counts as degraded; it goes on trying."""
SETTLED_AFTER_S = 10.0
"""A session that lived this long was a success: its loss is tried again without delay."""
GIVE_UP_AFTER_S = 600.0
"""Time without a session after which it is lost for good."""

# -- Renewing -------------------------------------------------------------------------------------
RENEW_BEFORE_S = 15.0
"""How long before its cap a session's successor is opened; starts take up to 10 s."""
RENEW_SHARE = 0.25
"""No more than this share of a short cap is spent on the overlap, where sessions open fast."""
RENEW_MOST_SHARE = 0.5
"""Nor more than this where they open slowly: two sessions all the time would cost double."""
OPENINGS_REMEMBERED = 4
OPENING_MARGIN = 1.5
"""The successor's opening is expected to take the slowest of the last four, and half of it more.
One service took 1.7 to 2.8 s from one session to the next (stand-in in a LiveKit room)."""
RENEW_FORCE_S = 4.0
"""This close to the cap the change is made in mid-utterance, at a pause between words."""
MAX_SESSIONS = 2
"""Sessions alive at once: the one that speaks and the one that replaces it."""
