// Two lines over the last minute, drawn on a canvas.

const SPAN_MS = 60_000;
const PAD = { left: 34, right: 4, top: 6, bottom: 6 };

export class Plot {
  #points = []; // [time, a, b]
  #canvas;
  #range;
  #band;

  /** @param range [low, high] that is always shown; @param band [low, high] to shade, or null */
  constructor(canvas, range, band = null) {
    this.#canvas = canvas;
    this.#range = range;
    this.#band = band;
  }

  add(now, a, b) {
    this.#points.push([now, a, b]);
    while (this.#points[0][0] < now - SPAN_MS) this.#points.shift();
  }

  recent(count, line = 1) {
    return this.#points.slice(-count).map((point) => point[line]);
  }

  draw(now) {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = window.devicePixelRatio || 1;
    if (this.#canvas.width !== Math.round(width * scale)) {
      this.#canvas.width = Math.round(width * scale);
      this.#canvas.height = Math.round(height * scale);
    }
    const colours = getComputedStyle(this.#canvas);
    const colour = (name) => colours.getPropertyValue(name);
    const pen = this.#canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);

    const [low, high] = this.#limits();
    const x = (time) => width - PAD.right - (now - time) / SPAN_MS * (width - PAD.left - PAD.right);
    const y = (value) => PAD.top + (high - clamp(value, low, high)) / (high - low)
      * (height - PAD.top - PAD.bottom);

    if (this.#band) {
      pen.fillStyle = colour("--band");
      pen.fillRect(PAD.left, y(this.#band[1]), width, y(this.#band[0]) - y(this.#band[1]));
    }
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.lineWidth = 1;
    for (const tick of ticks(low, high)) {
      pen.strokeStyle = colour("--line");
      pen.beginPath();
      pen.moveTo(PAD.left, Math.round(y(tick)) + 0.5);
      pen.lineTo(width, Math.round(y(tick)) + 0.5);
      pen.stroke();
      pen.fillStyle = colour("--quiet");
      pen.fillText(String(tick), PAD.left - 6, y(tick));
    }
    pen.lineJoin = "round";
    this.#line(pen, 2, colour("--second"), 1.5, x, y);
    this.#line(pen, 1, colour("--accent"), 2, x, y);
  }

  #line(pen, index, colour, thick, x, y) {
    pen.strokeStyle = colour;
    pen.lineWidth = thick;
    pen.beginPath();
    let joined = false;
    for (const point of this.#points) {
      const value = point[index];
      if (value === null) joined = false;
      else {
        pen[joined ? "lineTo" : "moveTo"](Math.max(x(point[0]), PAD.left), y(value));
        joined = true;
      }
    }
    pen.stroke();
  }

  #limits() {
    let [low, high] = this.#range;
    for (const [, a, b] of this.#points) {
      for (const value of [a, b]) {
        if (value === null) continue;
        while (value < low) low *= 2;
        while (value > high) high *= 2;
      }
    }
    return [low, high];
  }
}

function ticks(low, high) {
  return low < 0 ? [low, 0, high] : [low, (low + high) / 2, high];
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
