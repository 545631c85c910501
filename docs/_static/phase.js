/* The phase diagram at a click: the cell's table beside it, and its exponents as numbers. */
document.addEventListener("DOMContentLoaded", () => {
  const svg = document.getElementById("rc-phase");
  const panel = document.getElementById("rc-cell");
  if (!svg || !panel) return;
  const [a0, a1, b0, b1, left, top, width, height] = JSON.parse(svg.dataset.ranges);
  const templates = JSON.parse(document.getElementById("rc-orders").textContent);

  const place = (event) => {
    const at = svg.createSVGPoint();
    at.x = event.clientX; at.y = event.clientY;
    const p = at.matrixTransform(svg.getScreenCTM().inverse());
    return [a0 + (p.x - left) / width * (a1 - a0), b1 - (p.y - top) / height * (b1 - b0)];
  };

  const numbered = (order, a, b) => order.exponents.reduce((latex, text, k) => {
    const value = Function("a", "b", `return ${text}`)(a, b);
    return latex.replace(`\\mathrm{q${"abcdefghijklmnop"[k]}}`, String(+value.toFixed(3)));
  }, order.latex);

  const show = (number, at) => {
    svg.querySelectorAll("a").forEach((link) =>
      link.classList.toggle("rc-chosen", link.dataset.cell === String(number)));
    const section = document.getElementById(`cell-${number}`).closest("section");
    panel.replaceChildren(...[...section.cloneNode(true).childNodes]);
    panel.querySelectorAll("[id]").forEach((node) => node.removeAttribute("id"));
    panel.querySelectorAll(".headerlink").forEach((node) => node.remove());
    if (!at) return;
    const [a, b] = at;
    panel.querySelectorAll("tbody tr").forEach((row, k) => {
      const cell = row.children[2];
      const shown = document.createElement("div");
      shown.className = "rc-number-order";
      katex.render(numbered(templates[number - 1][k], a, b), shown, { throwOnError: false });
      cell.append(shown);
    });
    const told = document.createElement("p");
    told.textContent = `Second line of each order: at a = ${a.toFixed(2)}, b = ${b.toFixed(2)}.`;
    panel.append(told);
  };

  svg.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-cell]");
    if (!link) return;
    event.preventDefault();
    const number = Number(link.dataset.cell);
    history.replaceState(null, "", `#cell-${number}`);
    // On a line the point of the click is beside it: b is what the line says.
    show(number, event.detail && link.querySelector("polygon") ? place(event) : null);
  });
});
