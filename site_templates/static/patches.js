/* What single patches do to a pair: loads the page's own patches.js when asked, and reads it between positions too. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const ROUNDING = 1e-6; // px
  let arrived;
  let loading = null;
  const packed = new Promise((resolve) => (arrived = resolve));

  /* The two starts around a place, which may be the same, and how far the place lies from the first to the second. */
  function around(starts, place) {
    const inside = Math.min(Math.max(place, starts[0]), starts[starts.length - 1]);
    const after = starts.findIndex((start) => start >= inside - ROUNDING);
    const before = starts[after] - inside < ROUNDING ? after : after - 1;
    const share = after === before ? 0 : (inside - starts[before]) / (starts[after] - starts[before]);
    return { before, after, share, at: inside };
  }

  const between = (first, second, share) => first + share * (second - first);

  function unpack({ side, shape, fills, unit, clean, threshold, sizes, curve, llr_low, llr_high }) {
    const size = (px) => sizes.find((one) => one.px === px);

    /* With the upper left corner of a patch of `px` at x, y of a face (0 or 1), clamped to the positions: the distance,
       interpolated between the four nearest positions; these; how many of them are predicted, not measured; and the
       fill, if one position is hit. */
    function read(px, face, x, y) {
      const { starts, faces, fill, measured } = size(px);
      const [column, row] = [around(starts, x), around(starts, y)];
      const index = (r, c) => r * starts.length + c;
      const value = (r, c) => clean + unit * faces[face][index(r, c)];
      const along = (r) => between(value(r, column.before), value(r, column.after), column.share);
      const ends = (one) => [...new Set([starts[one.before], starts[one.after]])];
      const hit = index(row.before, column.before);
      const corners = [row.before, row.after].flatMap((r) => [index(r, column.before), index(r, column.after)]);
      const isPredicted = (place) => measured !== undefined && measured[place] === "0";
      return {
        distance: between(along(row.before), along(row.after), row.share),
        x: ends(column), y: ends(row), left: column.at, top: row.at,
        predicted: [...new Set(corners)].filter(isPredicted).length,
        fill: fills[fill ? fill[hit] : 0],
      };
    }

    /* Log10 likelihood ratio without bounds. */
    function llr(distance) {
      const { low, high, llr: values } = curve;
      const at = (Math.min(Math.max(distance, low), high) - low) / (high - low) * (values.length - 1);
      const first = Math.min(Math.floor(at), values.length - 2);
      return between(values[first], values[first + 1], at - first);
    }

    const bounded = (ratio) => Math.min(Math.max(ratio, llr_low ?? -Infinity), llr_high ?? Infinity);

    /* The place of the next start in a direction, or the nearest one for direction 0. */
    function next(px, place, direction) {
      const { starts } = size(px);
      if (direction > 0) return starts.find((start) => start > place + ROUNDING) ?? starts[starts.length - 1];
      if (direction < 0) return starts.findLast((start) => start < place - ROUNDING) ?? starts[0];
      return starts.reduce((best, start) => (Math.abs(start - place) < Math.abs(best - place) ? start : best));
    }

    return { side, shape, clean, threshold, read, next, bounded, llr: curve && llr };
  }

  /* Promise the pair's patches; rejected where their script cannot be loaded. */
  function load() {
    loading = loading || new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: "patches.js", onerror: reject });
      document.head.append(script);
      packed.then((found) => resolve(unpack(found)));
    });
    return loading;
  }

  whyface.patches = { receive: arrived, load };
})();
