/* Maps of a pair: unpacks those in the page's own maps.js, and draws them. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const STEPS = 127; // a value is a whole number in units of its map's peak / 127
  const ENLARGED = 6; // the canvas has this many pixels for one of the map
  let arrived;
  const packed = new Promise((resolve) => (arrived = resolve));

  /* Whole numbers of all layers; packed are differences along rows, then columns, modulo 256. */
  async function unpack(text, side) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const whole = new Uint8Array(await new Response(inflated).arrayBuffer());
    const from = (i, back, isFirst) => (isFirst ? 0 : whole[i - back]);
    whole.forEach((_, i) => (whole[i] += from(i, side, i % (side * side) < side)));
    whole.forEach((_, i) => (whole[i] += from(i, 1, i % side === 0)));
    return new Int8Array(whole.buffer);
  }

  /* The maps as the page's scripts use them; face is 0 or 1, x and y are columns and rows of the map. */
  async function load() {
    const { side, scales, evidence, regions, peaks, values } = await packed;
    const whole = await unpack(values, side);
    const methods = Object.keys(scales);
    const layer = (index) => whole.subarray(index * side * side, (index + 1) * side * side);
    const places = layer(2 * methods.length); // after the maps: which region a place lies in
    return {
      side: side,
      scales: scales,
      evidence: evidence, // the value at which the smallest patch is worth one ban; null if unknown
      regions: regions,
      steps: (method, face) => layer(2 * methods.indexOf(method) + face),
      peak: (method, face) => peaks[methods.indexOf(method)][face],
      value(method, face, x, y) {
        return (this.steps(method, face)[y * side + x] * this.peak(method, face)) / STEPS;
      },
      region: (x, y) => regions[places[y * side + x]],
    };
  }

  /* 256 colours between stops such as "#c51b7d", as [red, green, blue]. */
  function lookup(stops) {
    const colours = stops.map((stop) => [1, 3, 5].map((i) => parseInt(stop.slice(i, i + 2), 16)));
    return Array.from({ length: 256 }, (_, place) => {
      const at = (place / 255) * (stops.length - 1);
      const low = Math.min(Math.floor(at), stops.length - 2);
      return [0, 1, 2].map((i) => Math.round(colours[low][i] + (at - low) * (colours[low + 1][i] - colours[low][i])));
    });
  }

  /* Draw a map, smoothly enlarged, with full colour at `scale`. */
  function draw(canvas, maps, method, face, scale, stops) {
    const small = document.createElement("canvas");
    small.width = small.height = maps.side;
    const image = new ImageData(maps.side, maps.side);
    const colours = lookup(stops);
    const gain = maps.peak(method, face) / STEPS / scale;
    maps.steps(method, face).forEach((step, i) => {
      const share = Math.min(Math.max(step * gain, -1), 1);
      image.data.set([...colours[Math.round((share + 1) * 127.5)], 255], 4 * i);
    });
    small.getContext("2d").putImageData(image, 0, 0);
    canvas.width = canvas.height = ENLARGED * maps.side;
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }

  /* What a value says; `strengths` are words, each with the share of the scale up to which it holds. */
  whyface.mapWords = (value, scale, strengths) => {
    const strength = strengths.find(([most]) => Math.abs(value) / scale <= most)[1];
    const says = strength === "hardly" ? "hardly matters" : "speaks " + strength + " for “" + (value > 0 ? "same" : "different") + "”";
    const sign = value < 0 ? "−" : value > 0 ? "+" : "";
    return says + " (" + sign + (value ? Math.abs(value).toPrecision(2) : 0) + ")";
  };
  whyface.maps = { receive: arrived, load: load, draw: draw };
})();
