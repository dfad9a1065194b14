// The person's microphone: asked for when it is turned on, given back when it is turned off.

export class Microphone {
  #stream = null;
  #context = null;
  #analyser = null;
  #samples = new Float32Array(1024);

  get isOpen() { return this.#stream !== null; }

  /** The track to send; `ended` is called when it is unplugged or no longer allowed. */
  async open(ended) {
    if (!navigator.mediaDevices) {
      throw new Error("Browsers give a microphone only to pages from localhost or over https.");
    }
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    }).catch((error) => { throw new Error(words(error)); });
    const [track] = stream.getAudioTracks();
    track.onended = ended;
    this.#stream = stream;
    this.#context = new AudioContext();
    this.#analyser = new AnalyserNode(this.#context, { fftSize: this.#samples.length });
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
    return track;
  }

  async close() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    await this.#context?.close();
    this.#context = null;
  }

  /** Loudness now, 0 to 1. */
  level() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return Math.min(1, Math.sqrt(sum / this.#samples.length) * 5);
  }
}

function words(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "The microphone is blocked for this page; allow it in the browser's address bar.";
    case "NotFoundError":
      return "No microphone was found.";
    default:
      return `The microphone cannot be used: ${error.message}`;
  }
}
