// The connection to the server: one WebSocket, and over it one WebRTC call. Comes back by itself.

const RETRY_MS = [300, 600, 1200, 2500, 5000];
const SILENCE_MS = 6000; // the server reports four times a second; this long without is a loss
const GATHER_MS = 2000; // for candidates; more than enough for the interfaces of this machine
const PATH_MS = 8000; // for ICE to find a path
const UNSTEADY_MS = 4000; // ICE often mends itself within this time
const TOKEN_REFUSED = 4401;

export class Call extends EventTarget {
  #socket = null;
  #peer = null;
  #microphone = null;
  #attempt = 0;
  #timers = new Map();
  #heardAt = 0;
  #over = false; // the server said that trying again will not help
  token = "";

  start() {
    this.#over = false;
    this.#open();
    this.#every("watchdog", 1000, () => {
      if (this.#socket && performance.now() - this.#heardAt > SILENCE_MS) this.#lost(this.#socket);
    });
  }

  stop() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#hangUp();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** Try at once instead of waiting for the next turn. */
  hurry() {
    if (!this.#socket && !this.#over) this.#open();
  }

  say(text) { return this.#send({ type: "say", text }); }
  interrupt() { return this.#send({ type: "interrupt" }); }
  stats() { return this.#peer?.getStats() ?? Promise.resolve(new Map()); }

  /** RTP timestamp of the sound that leaves the jitter buffer now; null before any. */
  playedRtp() {
    const receiver = this.#sound()?.receiver;
    return receiver?.getSynchronizationSources()[0]?.rtpTimestamp ?? null;
  }

  /** Send a microphone's track, or nothing; survives reconnections. */
  async microphone(track) {
    this.#microphone = track;
    await this.#sound()?.sender.replaceTrack(track);
  }

  #open() {
    this.#clear("retry");
    this.#phase(this.#attempt ? "reconnecting" : "connecting", this.#attempt
      ? "Connecting again…" : "Connecting…");
    const address = new URL("ws", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.hash = "";
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.onopen = () => this.#send({ type: "hello", token: this.token });
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket) return;
      this.#heardAt = performance.now();
      this.#take(JSON.parse(data));
    };
    socket.onclose = ({ code }) => this.#lost(socket, code);
  }

  #lost(socket, code = 0) {
    if (this.#socket !== socket) return;
    this.#socket = null;
    socket.close();
    this.#hangUp();
    if (code === TOKEN_REFUSED) return this.#refused();
    if (this.#over) return;
    const wait = RETRY_MS[Math.min(this.#attempt++, RETRY_MS.length - 1)];
    this.#phase("reconnecting", "The agent's program is not answering. Trying again…");
    this.#after("retry", wait, () => this.#open());
  }

  #refused() {
    this.#over = true;
    this.#phase("refused", "An access token is needed");
    this.#emit("token");
  }

  #take(message) {
    switch (message.type) {
      case "welcome":
        this.#emit("welcome", message);
        this.#iceServers = message.ice_servers.map(({ urls, username, credential }) =>
          username === null ? { urls } : { urls, username, credential });
        this.#call();
        break;
      case "answer":
        this.#peer?.setRemoteDescription({ type: "answer", sdp: message.sdp })
          .catch((error) => this.#stuck(`The server's answer cannot be used: ${error.message}`));
        break;
      case "problem":
        if (message.fatal) {
          this.#over = true;
          this.#phase("refused", message.text);
        }
        this.#emit("problem", message);
        break;
      case "report":
        this.#emit("report", message);
        break;
    }
  }

  #iceServers = [];

  async #call() {
    this.#hangUp();
    // Both tracks in one bundle and, by the server's answer, in one stream: one clock for both.
    const peer = new RTCPeerConnection({ iceServers: this.#iceServers, bundlePolicy: "max-bundle" });
    this.#peer = peer;
    const stream = new MediaStream();
    peer.ontrack = ({ track }) => {
      stream.addTrack(track);
      this.#emit("stream", stream);
    };
    peer.onconnectionstatechange = () => this.#peer === peer && this.#pathChanged(peer);
    peer.addTransceiver(this.#microphone ?? "audio", { direction: "sendrecv" });
    peer.addTransceiver("video", { direction: "recvonly" });
    await peer.setLocalDescription();
    await gathered(peer, GATHER_MS);
    if (this.#peer !== peer) return;
    this.#phase("connecting", "Looking for a path for picture and sound…");
    this.#send({ type: "offer", sdp: peer.localDescription.sdp });
    this.#after("path", PATH_MS, () => this.#noPath(peer));
  }

  #pathChanged(peer) {
    const state = peer.connectionState;
    if (state === "connected") {
      this.#clear("path");
      this.#attempt = 0;
      this.#phase("connected", "Connected");
    } else if (state === "disconnected") {
      this.#phase("reconnecting", "The connection is unsteady…");
      this.#after("path", UNSTEADY_MS, () => this.#call());
    } else if (state === "failed") {
      this.#noPath(peer);
    }
  }

  #noPath(peer) {
    const offers = /^a=candidate:/m.test(peer.localDescription?.sdp ?? "");
    this.#stuck(offers
      ? "No path for picture and sound. Something between this browser and the server blocks UDP: "
        + "allow it, or set ice_servers to a TURN server."
      : "No path for picture and sound: this browser offers no network address. Connect to a "
        + "network, or start Chromium with --allow-loopback-in-peer-connection.");
  }

  #stuck(words) {
    this.#hangUp();
    this.#phase("stuck", words);
    this.#after("path", RETRY_MS.at(-1), () => this.#socket && this.#call());
  }

  #sound() {
    return this.#peer?.getTransceivers().find((one) => one.receiver.track.kind === "audio");
  }

  #hangUp() {
    this.#clear("path");
    this.#peer?.close();
    this.#peer = null;
    this.#emit("stream", null);
  }

  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #phase(phase, words) { this.#emit("phase", { phase, words }); }
  #emit(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }

  #after(name, ms, then) {
    this.#clear(name);
    this.#timers.set(name, setTimeout(then, ms));
  }

  #every(name, ms, then) {
    this.#after(name, ms, () => { this.#every(name, ms, then); then(); });
  }

  #clear(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

function gathered(peer, limit) {
  return new Promise((done) => {
    const check = () => peer.iceGatheringState === "complete" && done();
    peer.addEventListener("icegatheringstatechange", check);
    setTimeout(done, limit);
    check();
  });
}
