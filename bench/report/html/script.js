// Interactive parts of the page. Without JavaScript all content is still there.

// Tables: a heading sorts by its column; using it again reverses the order.
for (const button of document.querySelectorAll("thead button")) {
  button.addEventListener("click", () => {
    const heading = button.closest("th");
    const ascending = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const body = heading.closest("table").tBodies[0];
    const key = (row) => {
      const { dataset: { value }, textContent } = row.cells[heading.cellIndex];
      return value === undefined ? textContent : Number(value);
    };
    const rows = [...body.rows].sort((a, b) => compare(key(a), key(b)) * (ascending ? 1 : -1));
    body.append(...rows);
  });
}

// Numbers before text: a dash stands for a missing number.
function compare(a, b) {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return typeof a === "number" ? a - b : a.localeCompare(b, "en");
}

// Charts: a tooltip for the mark under the pointer.
const tip = document.querySelector("#tip");
for (const chart of document.querySelectorAll(".chart")) {
  chart.addEventListener("pointermove", ({ target, clientX, clientY }) => {
    const text = target.closest("path[data-tip], line[data-tip]")?.dataset.tip;
    tip.hidden = text === undefined;
    if (text === undefined) return;
    tip.textContent = text;
    tip.style.left = `${Math.max(8, Math.min(clientX + 12, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(8, clientY - tip.offsetHeight - 12)}px`;
  });
  chart.addEventListener("pointerleave", () => tip.hidden = true);
}

// Light or dark mode: as the system is set, until the button is used.
const root = document.documentElement;
const theme = document.querySelector("#theme");
const darkSystem = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ?? (darkSystem.matches ? "dark" : "light")) === "dark";
const nameTheme = () => theme.textContent = isDark() ? "Light" : "Dark";
theme.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
darkSystem.addEventListener("change", nameTheme);
nameTheme();
theme.hidden = false;

// Download of the record.
const [save, record] = ["#save", "#record"].map((id) => document.querySelector(id));
save.addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([record.textContent], { type: "application/json" }));
  link.download = "record.json";
  link.click();
  URL.revokeObjectURL(link.href);
});
save.hidden = record === null;
