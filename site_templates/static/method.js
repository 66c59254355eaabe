/* The live examples of the method page. Their numbers come with the page, from the run's tables; this only selects among them. */
(function () {
  "use strict";
  const numbers = (text) => text.split(" ").map(Number);
  const grouped = (number) => number.toLocaleString("en");

  function say(figure, words) {
    figure.querySelectorAll("[data-of]").forEach((place) => { place.textContent = words[place.getAttribute("data-of")]; });
  }

  /* A share of pairs as a percentage: only all pairs make 100 %. */
  function percent(part, whole) {
    return (part < whole ? Math.min((100 * part) / whole, 99.99) : 100).toFixed(2) + " %";
  }

  function threshold(figure) {
    const data = figure.dataset, slider = figure.querySelector("input");
    const genuine = Number(data.genuine), impostor = Number(data.impostor);
    const thresholds = numbers(data.thresholds);
    const below = { genuine: numbers(data.genuineBelow), impostor: numbers(data.impostorBelow) };
    slider.addEventListener("input", () => {
      const at = Number(slider.value), value = thresholds[at];
      const share = (value - data.low) / (data.high - data.low);
      const x = 16 + Math.min(Math.max(share, 0), 1) * 608;
      figure.querySelector("#below rect").setAttribute("width", x);
      figure.querySelector("#above rect").setAttribute("x", x);
      figure.querySelector(".mark").setAttribute("d", `M${x} 30V168`);
      figure.querySelectorAll(".mark-label").forEach((label) => label.setAttribute("x", x));
      const accepted = below.impostor[at], rejected = genuine - below.genuine[at];
      slider.setAttribute("aria-valuetext", value.toFixed(2));
      say(figure, {
        threshold: value.toFixed(2),
        accepted: `${grouped(accepted)} of ${grouped(impostor)} impostor pair${impostor === 1 ? "" : "s"}`,
        rejected: `${grouped(rejected)} of ${grouped(genuine)} genuine pair${genuine === 1 ? "" : "s"}`,
        fmr: percent(accepted, impostor),
        fnmr: percent(rejected, genuine),
      });
    });
    figure.querySelector(".slider-row").hidden = false;
  }

  function scientific(value) {
    const [digits, exponent] = Math.abs(value).toExponential(1).split("e");
    const raised = String(Number(exponent)).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
    return value ? `${value < 0 ? "−" : ""}${digits}\u00a0×\u00a010${raised}` : "0";
  }

  function cover(figure) {
    const side = Number(figure.dataset.side), values = numbers(figure.dataset.values);
    const strengths = JSON.parse(figure.dataset.strengths);
    const [across, down] = figure.querySelectorAll("input");
    const face = figure.querySelector(".cover-face"), patch = figure.querySelector(".patch");
    const size = Number(patch.getAttribute("width"));
    const height = (share) => 50 * (1 - Math.min(Math.max(share / 1250, -1), 1));

    function show() {
      const x = Number(across.value), y = Number(down.value), value = values[y * side + x];
      patch.setAttribute("x", x + 0.5 - size / 2);
      patch.setAttribute("y", y + 0.5 - size / 2);
      figure.querySelector(".row-line").setAttribute("d", `M0 ${y + 0.5}H${side}`);
      figure.querySelector(".place").setAttribute("d", `M${x + 0.5} 0V100`);
      const row = values.slice(y * side, (y + 1) * side);
      figure.querySelector(".line").setAttribute("d", "M" + row.map((v, i) => `${i + 0.5} ${height(v)}`).join("L"));
      const word = strengths.find(([share]) => share === null || Math.abs(value) <= 1000 * share)[1];
      const speaks = `It speaks ${word} for “${value > 0 ? "same" : "different"}”`;
      say(figure, {
        effect: value > 0 ? "pushes the two faces apart" : "brings the two faces together",
        says: word === strengths[0][1] ? "It hardly matters" : speaks,
        value: scientific((value * Number(figure.dataset.scale)) / 1000),
      });
    }
    function drag(event) {
      if (!event.buttons) return;
      const box = face.getBoundingClientRect();
      across.value = Math.floor(((event.clientX - box.left) / box.width) * side);
      down.value = Math.floor(((event.clientY - box.top) / box.height) * side);
      show();
    }
    [across, down].forEach((slider) => slider.addEventListener("input", show));
    ["pointerdown", "pointermove"].forEach((name) => face.addEventListener(name, drag));
    face.addEventListener("dragstart", (event) => event.preventDefault());
    face.classList.add("live-face");
    figure.querySelectorAll(".slider-rows, .script-only").forEach((part) => { part.hidden = false; });
  }

  document.querySelectorAll("#threshold").forEach(threshold);
  document.querySelectorAll("#cover").forEach(cover);
})();
