// Curves that take new points in without being built anew: zoom, hidden lines and the values under
// the pointer stay. `data` is described in dashboard/parts/curves.py. The page brings uPlot apart, once:
// this text is sent with every new point.
const drawn = new WeakMap();

export default function ({ data, parentElement }) {
  let chart = drawn.get(parentElement);
  if (!chart) {
    chart = new Chart(parentElement.querySelector(".curves"));
    drawn.set(parentElement, chart);
  }
  chart.take(data);
  return () => {
    chart.end();
    drawn.delete(parentElement);
  };
}

class Chart {
  constructor(root) {
    this.root = root;
    this.panels = [];
    this.hidden = new Set();
    this.zoom = null;
    this.shape = "";
    this.width = new ResizeObserver(() => this.fit());
    this.width.observe(root);
  }

  take(data) {
    const isWaiting = Boolean(this.next);
    this.next = data;
    if (!isWaiting) this.whenReady();
  }

  whenReady() {
    if (!globalThis.graftPlot) return setTimeout(() => this.whenReady(), 30);
    this.show(this.next);
    this.next = null;
  }

  show(data) {
    // Lines that stand on the same places share them, so that each is sent once.
    for (const panel of data.panels) for (const line of panel.lines) line.x = data.places[line.at] || [];
    this.data = data;
    const style = getComputedStyle(this.root);
    // The theme's colours are drawn into the canvas, so another theme is another shape.
    const theme = style.getPropertyValue("--st-text-color") + style.getPropertyValue("--st-font");
    const shape = JSON.stringify([theme, data.axis, data.panels.map(outline)]);
    if (shape !== this.shape) this.build(data, shape, style);
    data.panels.forEach((panel, number) => this.fill(this.panels[number], panel));
    this.root.setAttribute("aria-label", data.spoken);
  }

  build(data, shape, style) {
    if (this.axis !== data.axis) this.zoom = null;
    this.axis = data.axis;
    this.shape = shape;
    this.panels.forEach((each) => each.plot.destroy());
    this.root.replaceChildren();
    this.panels = data.panels.map((panel) => this.panel(panel, data, style));
  }

  panel(panel, data, style) {
    const box = element("div", panel.wide ? "panel wide" : "panel", this.root);
    const head = element("div", "head", box);
    element("span", "title", head).textContent = panel.title;
    const values = panel.lines.map((line) => this.key(head, panel, line));
    const plot = new graftPlot(this.options(panel, data, style, box, values), [[], ...panel.lines.map(() => [])], box);
    return { plot, box, values };
  }

  // The name of a line with the value under the pointer; a click hides the line, or shows it again.
  key(head, panel, line) {
    const button = element("button", "key", head);
    button.type = "button";
    button.title = line.name;
    const mark = element("i", line.dots ? "dot" : "dash", button);
    mark.style.background = line.colour;
    if (panel.lines.length > 1) element("span", "name", button).textContent = line.name;
    const value = element("b", "", button);
    button.setAttribute("aria-pressed", String(!this.hidden.has(panel.title + line.name)));
    button.onclick = () => {
      const name = panel.title + line.name;
      if (!this.hidden.delete(name)) this.hidden.add(name);
      button.setAttribute("aria-pressed", String(!this.hidden.has(name)));
      const own = this.panels.find((each) => each.box.contains(button));
      own.plot.setSeries(panel.lines.indexOf(line) + 1, { show: !this.hidden.has(name) });
    };
    return value;
  }

  options(panel, data, style, box, values) {
    const text = style.getPropertyValue("--st-gray-text-color") || "#777";
    const grid = style.getPropertyValue("--st-border-color") || "#ddd";
    const font = `12px ${style.getPropertyValue("--st-font") || "sans-serif"}`;
    const axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    return {
      width: Math.max(box.clientWidth, 200),
      height: panel.height,
      legend: { show: false },
      padding: [8, 12, 0, 0],
      cursor: {
        sync: { key: data.key, setSeries: false },
        drag: { x: true, y: false, setScale: false },
        points: { size: 7 },
      },
      scales: { x: { time: false, range: () => this.range() }, y: { range: (plot) => heights(plot, this.range()) } },
      axes: [
        { ...axis, size: 28, values: (_, ticks) => ticks.map((tick) => this.place(tick)) },
        { ...axis, size: 58, ...(panel.format === "bytes" ? { incrs: BYTES } : {}), values: (_, ticks) => ticks.map((tick) => shown(tick, panel.format, true)) },
      ],
      series: [
        {},
        ...panel.lines.map((line) => ({
          show: !this.hidden.has(panel.title + line.name),
          stroke: line.colour,
          width: line.width,
          dash: line.dashed ? [5, 4] : undefined,
          points: { show: Boolean(line.dots), size: 8, fill: line.colour },
          spanGaps: true,
        })),
      ],
      hooks: {
        setCursor: [(plot) => this.read(plot, panel, values)],
        setSelect: [(plot) => this.zoomTo(plot)],
        ready: [(plot) => plot.over.addEventListener("dblclick", () => this.zoomOut())],
      },
    };
  }

  fill(own, panel) {
    const tables = panel.lines.map((line) => [line.x, line.y]);
    own.plot.setData(graftPlot.join(tables), true);
    this.read(own.plot, panel, own.values);
  }

  // The values under the pointer; without one, the newest.
  read(plot, panel, values) {
    const under = plot.cursor.idx;
    panel.lines.forEach((line, number) => {
      const column = plot.data[number + 1] || [];
      const at = nearest(column, under == null ? column.length - 1 : under, under == null || line.dots);
      values[number].textContent = at == null ? "–" : shown(column[at], panel.format);
    });
    const place = under == null ? null : plot.data[0][under];
    if (panel.wide) this.root.dataset.place = place == null ? "" : String(place);
  }

  range() {
    if (this.zoom) return this.zoom;
    let end = this.data.end || 0;
    for (const panel of this.data.panels)
      for (const line of panel.lines) if (line.x.length) end = Math.max(end, line.x[line.x.length - 1]);
    return [0, end || 1];
  }

  zoomTo(plot) {
    if (plot.select.width < 4) return;
    const from = plot.posToVal(plot.select.left, "x");
    const to = plot.posToVal(plot.select.left + plot.select.width, "x");
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.zoom = [from, to];
    this.redraw();
  }

  zoomOut() {
    this.zoom = null;
    this.redraw();
  }

  redraw() {
    this.root.dataset.zoom = this.zoom ? this.zoom.map((each) => each.toPrecision(6)).join(" ") : "";
    const [min, max] = this.range();
    this.panels.forEach((each) => each.plot.setScale("x", { min, max }));
  }

  place(tick) {
    if (this.data.axis === "time") return clock(tick);
    return tick >= 1e6 ? `${+(tick / 1e6).toFixed(2)}M` : tick >= 1e4 ? `${+(tick / 1e3).toFixed(1)}k` : String(tick);
  }

  fit() {
    for (const { plot, box } of this.panels)
      if (box.clientWidth > 0 && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: plot.height });
  }

  end() {
    this.width.disconnect();
    this.panels.forEach((each) => each.plot.destroy());
  }
}

const outline = (panel) => [panel.title, panel.height, panel.wide, panel.lines.map(({ at, x, y, ...line }) => line)];

// Round steps of an axis of bytes.
const BYTES = Array.from({ length: 46 }, (_, power) => 2 ** power);

function element(name, kind, parent) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  parent.append(made);
  return made;
}

// The y axis over what is seen, from zero: all that is drawn here has it for its floor.
function heights(plot, [min, max]) {
  let low = Infinity, high = -Infinity;
  plot.series.forEach((line, number) => {
    if (!number || !line.show) return;
    const column = plot.data[number];
    for (let i = 0; i < column.length; i++) {
      const value = column[i], x = plot.data[0][i];
      if (value == null || x < min || x > max) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  });
  if (low > high) return [0, 1];
  return [Math.min(0, low), high + (high - Math.min(0, low) || 1) * 0.06];
}

// The place of a value at or, for lines with gaps, before `at`.
function nearest(column, at, reachesBack) {
  if (at < 0 || !column.length) return null;
  const most = reachesBack ? column.length : 3;
  for (let back = 0; back <= most; back++) if (column[at - back] != null) return at - back;
  return null;
}

function shown(value, format, isTick) {
  if (value == null) return "–";
  if (format === "bytes") {
    const units = ["B", "KB", "MB", "GB", "TB"];
    let unit = 0;
    for (; Math.abs(value) >= 1024 && unit < 4; unit++) value /= 1024;
    return `${+value.toFixed(1)} ${units[unit]}`;
  }
  if (format === "rate") return value === 0 ? "0" : (isTick ? String(+value.toPrecision(2)) : value.toExponential(1));
  if (format === "whole") return Math.round(value).toLocaleString("en");
  const size = Math.abs(value);
  if (isTick) return String(+value.toPrecision(4));
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : size >= 1 || size === 0 ? value.toFixed(2) : value.toPrecision(3);
}

function clock(seconds) {
  const whole = Math.round(seconds), hours = Math.floor(whole / 3600), minutes = Math.floor((whole % 3600) / 60);
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
