// The page: joins buttons, words and plots to the call.

import { Call } from "./call.js";
import { Meter, isPast, median } from "./measure.js";
import { Microphone } from "./microphone.js";
import { Plot } from "./plots.js";

const SAMPLE_MS = 250;
const SMOOTHING = 8; // samples in the numbers shown; the plots show each
const NOTICE_MS = 8000;
// Detectability of A/V offset: sound may be 45 ms early or 125 ms late (ITU-R BT.1359-1).
const UNNOTICED_MS = [-45, 125];

const $ = (id) => document.getElementById(id);
const call = new Call();
let agent = "Agent";

// -- connection ----------------------------------------------------------------------------------

call.addEventListener("phase", ({ detail: { phase, words } }) => {
  $("connection").dataset.phase = phase;
  $("words").textContent = phase === "connected" ? `Connected to ${agent}` : words;
  for (const id of ["speak", "interrupt"]) $(id).disabled = phase === "refused";
  if (phase === "connected") hideNotice();
});

call.addEventListener("welcome", ({ detail }) => {
  agent = detail.agent || "the agent";
  document.title = detail.agent || "Agent";
  $("token-form").hidden = true;
});

call.addEventListener("problem", ({ detail }) => notice(detail.text, detail.fatal));

call.addEventListener("stream", ({ detail: stream }) => {
  if (stream === null) {
    document.querySelector(".stage").classList.remove("live"); // the curtain hides a frozen face
  } else if ($("video").srcObject !== stream) {
    $("video").srcObject = stream;
    play();
  }
});

$("video").addEventListener("playing", () =>
  document.querySelector(".stage").classList.add("live"));

call.addEventListener("token", () => {
  hideNotice(); // the form says it
  $("token-form").hidden = false;
  $("token").focus();
});

$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  call.token = $("token").value;
  location.replace(`#token=${encodeURIComponent(call.token)}`); // survives a reload, is never sent
  call.start();
});

// -- sound ---------------------------------------------------------------------------------------

const sound = {
  muted: false, // the person's wish
  locked: false, // the browser's wish, until a first tap or key
  hushed: false, // speech was cut, and the browser still holds some of it
};

function applySound() {
  $("video").muted = sound.muted || sound.locked || sound.hushed;
}

async function play() {
  const video = $("video");
  try {
    await video.play();
  } catch (error) {
    if (error.name !== "NotAllowedError") return; // a new stream came meanwhile
    // Browsers play sound only after a first tap or key: show the face, and ask for one.
    sound.locked = true;
    applySound();
    $("unlock").hidden = false;
    await video.play().catch(() => {});
  }
}

function unlock() {
  if (!sound.locked) return;
  sound.locked = false;
  $("unlock").hidden = true;
  applySound();
}

function mute(muted) {
  unlock();
  sound.muted = muted;
  applySound();
  $("mute").setAttribute("aria-pressed", muted);
  $("mute").classList.toggle("muted", muted);
}

$("unlock").addEventListener("click", () => mute(false));
$("mute").addEventListener("click", () => mute(!sound.muted));
$("volume").addEventListener("input", ({ target }) => {
  $("video").volume = target.valueAsNumber;
  mute(target.valueAsNumber === 0);
});

// A jitter buffer may hold a second of speech when the line is bad. After a cut nobody wants it, so
// the page is silent until playout has come to the cut.
const HUSH_MS = 1500; // at most, should the server not tell where the cut is
const HUSH_STEP_MS = 20;
const OUTPUT_MS = 40; // between leaving the jitter buffer and the loudspeaker
let cut = null; // RTP timestamp of the newest cut

async function hush() {
  if (sound.hushed) return;
  sound.hushed = true;
  applySound();
  const before = cut;
  const until = performance.now() + HUSH_MS;
  const waiting = () => {
    const played = call.playedRtp();
    return cut === before || (played !== null && !isPast(played, cut));
  };
  while (waiting() && performance.now() < until) await pause(HUSH_STEP_MS);
  await pause(OUTPUT_MS);
  sound.hushed = false;
  applySound();
}

function pause(ms) {
  return new Promise((go) => setTimeout(go, ms));
}

// -- talking -------------------------------------------------------------------------------------

function speak() {
  const text = $("text").value.trim();
  if (!text) return;
  unlock();
  if (call.say(text)) $("text").value = "";
  else notice("Not connected yet: your text is still here, send it again in a moment.");
}

function interrupt() {
  if (call.interrupt()) hush();
  else notice("Not connected: nothing is being said.");
}

$("say").addEventListener("submit", (event) => { event.preventDefault(); speak(); });
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    speak();
  }
});
$("interrupt").addEventListener("click", interrupt);
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("textarea, input");
  if (event.key === "Escape") interrupt();
  else if (event.key.toLowerCase() === "m" && !typing && !event.ctrlKey && !event.metaKey) {
    mute(!sound.muted);
  }
});

// -- microphone ----------------------------------------------------------------------------------

const microphone = new Microphone();

async function turnMicrophone(on) {
  $("microphone").disabled = true;
  try {
    await call.microphone(on ? await microphone.open(() => turnMicrophone(false)) : null);
    if (!on) await microphone.close();
  } catch (error) {
    notice(error.message);
  }
  $("microphone").disabled = false;
  $("microphone").setAttribute("aria-pressed", microphone.isOpen);
  $("level").style.transform = "";
}

$("microphone").addEventListener("click", () => turnMicrophone(!microphone.isOpen));

// -- notices -------------------------------------------------------------------------------------

let noticeTimer = 0;

function notice(text, stays = false) {
  $("notice").textContent = text;
  $("notice").hidden = false;
  clearTimeout(noticeTimer);
  if (!stays) noticeTimer = setTimeout(hideNotice, NOTICE_MS);
}

function hideNotice() {
  $("notice").hidden = true;
}

// -- measurements --------------------------------------------------------------------------------

const plots = {
  offset: new Plot($("offset"), [-150, 150], UNNOTICED_MS),
  depth: new Plot($("depth"), [0, 200]),
  fps: new Plot($("fps"), [0, 40]),
};
let meter = new Meter();
let report = null;

call.addEventListener("report", ({ detail }) => {
  if (detail.note !== (report?.note ?? "")) detail.note ? notice(detail.note, true) : hideNotice();
  report = detail;
  showSpeaking(detail.state === "speaking");
  if (detail.cut_rtp !== null && detail.cut_rtp !== cut) {
    hush(); // somebody else's interruption; after one's own it goes on already
    cut = detail.cut_rtp;
  }
});

call.addEventListener("stream", ({ detail }) => {
  if (detail !== null) return;
  meter = new Meter();
  report = null;
  showSpeaking(false);
});

function showSpeaking(speaking) {
  $("speaking").hidden = !speaking;
  $("interrupt").classList.toggle("armed", speaking);
}

async function sample() {
  const now = performance.now();
  const { offset, depth, fps, kbps, size, codec, lost } = meter.read(await call.stats());
  plots.offset.add(now, offset, report?.offset_ms ?? null);
  plots.depth.add(now, depth, report?.depth_ms ?? null);
  plots.fps.add(now, fps, report?.fps ?? null);
  show("offset", "A/V offset", "ms", true);
  show("depth", "Buffer depth", "ms");
  show("fps", "Pictures per second", "");
  $("detail").textContent = size
    ? [size, codec, kbps === null ? null : `${Math.round(kbps)} kb/s`,
      lost ? `${lost} packets lost` : null,
      report?.dropped ? `${report.dropped} not sent in time` : null,
      report?.viewers > 1 ? `${report.viewers} watching` : null].filter(Boolean).join(" · ")
    : "no picture yet";
  if (microphone.isOpen) $("level").style.transform = `scaleX(${microphone.level()})`;
  for (const plot of Object.values(plots)) plot.draw(now);
}

function show(id, name, unit, signed = false) {
  const value = median(plots[id].recent(SMOOTHING));
  const text = value === null ? "–"
    : `${signed && Math.round(value) > 0 ? "+" : ""}${Math.round(value)} ${unit}`.trim();
  $(`${id}-now`).textContent = text;
  $(id).setAttribute("aria-label", `${name} over the last minute, now ${text}`);
}

setInterval(() => document.hidden || sample(), SAMPLE_MS);

// -- start ---------------------------------------------------------------------------------------

document.addEventListener("visibilitychange", () => document.hidden || call.hurry());
window.addEventListener("pagehide", () => call.stop());
window.addEventListener("pageshow", ({ persisted }) => persisted && call.start());
document.addEventListener("pointerdown", unlock, { once: true });

call.token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
call.start();
