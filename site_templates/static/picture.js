/* The pair as one picture: both faces with their maps, the verdict and the numbers, drawn from what the page shows. */
(function () {
  "use strict";
  const whyface = (window.whyface = window.whyface || {});
  const WIDTH = 1200, MARGIN = 60, FACE = 536, INK = "#1b1e22", SOFT = "#565c65", PAPER = "#fbfaf7";
  const FONT = "system-ui, 'Liberation Sans', Arial, sans-serif";
  const faces = {}; // by row: address of the face as text; pages opened from disk may not read their own images
  const texts = (selector) => Array.from(document.querySelectorAll(selector)).filter((one) => one.checkVisibility());

  function loadFace(figure) {
    const { row, script } = figure.dataset;
    return new Promise((resolve, reject) => {
      if (!script) return resolve(null);
      const element = Object.assign(document.createElement("script"), { src: script, onerror: reject });
      element.onload = () => {
        const image = Object.assign(new Image(), { onload: () => resolve(image), onerror: reject });
        image.src = faces[row];
      };
      document.head.append(element);
    });
  }

  /* A face in a square, with its map blended over it as on the page. */
  function drawFace(context, image, map, x, y) {
    context.fillStyle = "#e8e5de";
    context.fillRect(x, y, FACE, FACE);
    if (image) context.drawImage(image, x, y, FACE, FACE);
    if (!map) return;
    const style = getComputedStyle(map);
    context.globalAlpha = Number(style.opacity);
    context.globalCompositeOperation = image ? style.mixBlendMode : "source-over";
    context.drawImage(map, x, y, FACE, FACE);
    context.globalAlpha = 1;
    context.globalCompositeOperation = "source-over";
  }

  /* Wraps text to the picture's width; returns where the next line begins. */
  function write(context, text, y, size, colour, weight) {
    context.font = (weight || 400) + " " + size + "px " + FONT;
    context.fillStyle = colour;
    let line = "";
    for (const word of text.trim().split(/\s+/)) {
      const longer = line ? line + " " + word : word;
      if (line && context.measureText(longer).width > WIDTH - 2 * MARGIN) {
        context.fillText(line, MARGIN, (y += size * 1.35));
        line = word;
      } else {
        line = longer;
      }
    }
    context.fillText(line, MARGIN, (y += size * 1.35), WIDTH - 2 * MARGIN);
    return y;
  }

  /* What the page says, as lines of [text, size, colour, weight]. A local file's address stays private. */
  function lines() {
    const words = (selector) => texts(selector).map((one) => one.innerText.trim());
    const said = (selector, ...style) => words(selector).map((text) => [text, ...style]);
    const joined = (selector, ...style) => [[words(selector).join(" · "), ...style]];
    const facts = texts(".facts tr").map((row) => row.cells[0].innerText + " " + row.cells[1].innerText);
    const address = document.getElementById("permalink").href;
    return [
      [document.title, 20, SOFT],
      [document.querySelector(".verdict").lastChild.textContent, 48, INK, 700],
      ...joined(".pair-verdict .outcome, .pair-verdict .meaning", 24, INK),
      ...said(".pair-verdict .notice", 24, INK),
      ...said(".sure", 24, INK),
      ...said("#evidence .said, #evidence .carried", 24, INK),
      [facts.join(" · "), 20, SOFT],
      ...joined("#faces figcaption", 18, SOFT),
      ...said("#method-note, .agreement, .legend p, .banner", 18, SOFT),
      ...(address.startsWith("http") ? [[address, 18, SOFT]] : []),
    ];
  }

  function draw(context, images) {
    const maps = Array.from(document.querySelectorAll("#faces .stack"), (stack) => stack.querySelector("canvas.map"));
    images.forEach((image, face) => drawFace(context, image, maps[face], MARGIN + face * (FACE + 8), MARGIN));
    return lines().reduce((y, [text, ...style]) => write(context, text, y, ...style) + 8, MARGIN + FACE + 12);
  }

  /* Promise a PNG; it is drawn twice, because the first pass finds its height. */
  async function picture() {
    const images = await Promise.all(Array.from(document.querySelectorAll("#faces figure"), loadFace));
    const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: WIDTH });
    const context = canvas.getContext("2d");
    canvas.height = Math.ceil(draw(context, images) + MARGIN);
    context.fillStyle = PAPER;
    context.fillRect(0, 0, canvas.width, canvas.height);
    draw(context, images);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  whyface.picture = { face: (row, address) => (faces[row] = address), draw: picture };
})();
