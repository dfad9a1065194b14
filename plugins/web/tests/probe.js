// What a browser shows and plays of a <video>, as raw data for the test to judge.
//
// All times are ms on the clock of performance.now(). Pictures: the moment of display, and the luma
// of the corner and of the mouth. Sound: 10 ms blocks with the moment they were decoded; the
// playout delay that the browser states is to be added.
window.record = async (video, seconds) => {
  const [track] = video.srcObject.getAudioTracks().map((one) => one.clone());
  const blocks = [];
  const pictures = [];
  const mutes = [[0, video.muted]];
  const muted = () => mutes.push([performance.now(), video.muted]);
  video.addEventListener("volumechange", muted);
  const until = performance.now() + seconds * 1000;

  const luma = async (frame, x, y, width, height) => {
    const rect = { x: x & ~1, y: y & ~1, width: width & ~1, height: height & ~1 };
    const pixels = new Uint8Array(frame.allocationSize({ rect }));
    const [{ offset, stride }] = await frame.copyTo(pixels, { rect });
    let sum = 0;
    for (let row = 0; row < rect.height; row++) {
      const at = offset + row * stride;
      for (const one of pixels.subarray(at, at + rect.width)) sum += one;
    }
    return sum / rect.width / rect.height;
  };
  const watch = new Promise((done) => {
    const each = async (_now, { expectedDisplayTime, presentedFrames }) => {
      if (performance.now() > until) return done();
      video.requestVideoFrameCallback(each);
      const frame = new VideoFrame(video);
      const { codedWidth: width, codedHeight: height } = frame;
      const corner = await luma(frame, 4, 4, 2, 2);
      const mouth = await luma(frame, width * 0.49, height * 0.58, width * 0.02, height * 0.05);
      frame.close();
      pictures.push([expectedDisplayTime, corner, mouth, presentedFrames, width, height]);
    };
    video.requestVideoFrameCallback(each);
    setTimeout(done, seconds * 1000 + 500);
  });
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  let rate = 0;
  while (performance.now() < until) {
    const { value: data, done } = await reader.read();
    if (done) break;
    rate = data.sampleRate;
    const samples = new Int16Array(data.numberOfFrames);
    data.copyTo(samples, { planeIndex: 0, format: "s16-planar" });
    blocks.push([data.timestamp / 1000, samples]);
    data.close();
  }
  await watch;
  await reader.cancel();
  track.stop();
  video.removeEventListener("volumechange", muted);
  const sound = blocks.map(([at, samples]) => [at, base64(new Uint8Array(samples.buffer))]);
  return { rate, blocks: sound, pictures, mutes };
};

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

// Mean delay between decoding and the loudspeaker, over the whole page, in ms.
window.playoutDelay = async (connection) => {
  for (const one of (await connection.getStats()).values()) {
    if (one.type === "media-playout" && one.totalSamplesCount) {
      return one.totalPlayoutDelay / one.totalSamplesCount * 1000;
    }
  }
  return 0;
};

// A second, bare connection in the same page: the control pair.
window.openControl = async () => {
  const connection = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
  const video = document.createElement("video");
  video.autoplay = true;
  video.id = "control";
  video.style.width = "160px";
  const stream = new MediaStream();
  connection.ontrack = ({ track }) => { stream.addTrack(track); video.srcObject = stream; };
  document.body.append(video);
  connection.addTransceiver("audio", { direction: "recvonly" });
  connection.addTransceiver("video", { direction: "recvonly" });
  await connection.setLocalDescription();
  while (connection.iceGatheringState !== "complete") await new Promise((go) => setTimeout(go, 20));
  const sdp = await window.answerControl(connection.localDescription.sdp);
  await connection.setRemoteDescription({ type: "answer", sdp });
  window.control = connection;
};

// Lets the test ask the page's own connection for statistics.
window.connections = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...settings) {
    super(...settings);
    window.connections.push(this);
  }
};
