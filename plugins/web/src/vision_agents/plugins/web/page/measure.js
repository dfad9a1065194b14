// What the browser knows about its own playout, as numbers for the plots.

const WINDOW = 5; // samples that a rate is taken over: about a second

export class Meter {
  #past = [];

  /** @param stats an RTCStatsReport; gives numbers, each null where the browser does not tell. */
  read(stats) {
    const got = { audio: null, video: null };
    for (const one of stats.values()) if (one.type === "inbound-rtp") got[one.kind] = one;
    this.#past = [...this.#past.slice(-WINDOW), got];
    const { audio, video } = got;
    const before = this.#past[0];
    return {
      offset: offset(audio, video),
      depth: waiting(audio, before.audio),
      fps: rate(video, before.video, "framesDecoded"),
      kbps: rate(video, before.video, "bytesReceived", 8 / 1000),
      size: video?.frameWidth ? `${video.frameWidth} × ${video.frameHeight}` : null,
      codec: codec(stats, video),
      lost: (audio?.packetsLost ?? 0) + (video?.packetsLost ?? 0),
    };
  }
}

// Both timestamps are the sender's clock at what is being played now, so the picture's lead over
// the sound is how late the sound is, in ms.
function offset(audio, video) {
  const sound = audio?.estimatedPlayoutTimestamp;
  const picture = video?.estimatedPlayoutTimestamp;
  return sound && picture ? picture - sound : null;
}

function waiting(now, before) {
  const emitted = now?.jitterBufferEmittedCount - before?.jitterBufferEmittedCount;
  return emitted > 0 ? (now.jitterBufferDelay - before.jitterBufferDelay) / emitted * 1000 : null;
}

function rate(now, before, name, scale = 1) {
  const ms = now?.timestamp - before?.timestamp;
  return ms > 0 ? (now[name] - before[name]) / ms * 1000 * scale : null;
}

function codec(stats, video) {
  return stats.get(video?.codecId)?.mimeType?.replace("video/", "") ?? null;
}

// Whether an RTP timestamp is another one or later; they wrap at 32 bits.
export function isPast(rtp, other) {
  return ((rtp - other) >>> 0) < 2 ** 31;
}

export function median(values) {
  const sorted = values.filter((one) => one !== null).sort((a, b) => a - b);
  return sorted.length ? sorted[sorted.length >> 1] : null;
}
