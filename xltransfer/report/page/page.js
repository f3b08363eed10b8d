"use strict";

// A table is sorted by a column: numbers by their unrounded value, first the
// greatest; then the other way round; then as it was.
function sortable(table) {
  const body = table.tBodies[0];
  const pinned = Number(table.dataset.pinned);
  const original = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      const next = { descending: "ascending", ascending: null }[before];
      const order = next === undefined ? "descending" : next;
      if (order) head.setAttribute("aria-sort", order);
      body.append(...ordered(original, pinned, column, order));
    });
  });
}

function ordered(rows, pinned, column, order) {
  if (!order) return rows;
  const sign = order === "ascending" ? 1 : -1;
  const compare = (one, other) => {
    const [a, b] = [one, other].map((row) => row.cells[column]);
    const [x, y] = [a, b].map((cell) => cell.dataset.v);
    if (x !== undefined && y !== undefined) return sign * (x - y);
    if (x !== undefined || y !== undefined) return x === undefined ? 1 : -1;
    return -sign * a.textContent.localeCompare(b.textContent);
  };
  return [...rows.slice(0, pinned), ...rows.slice(pinned).sort(compare)];
}

function searchable(input) {
  const figure = document.getElementById(input.dataset.table);
  const rows = [...figure.querySelectorAll("tbody tr")];
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
}

function themed(button) {
  const themes = ["auto", "light", "dark"];
  let chosen = 0;
  button.hidden = false;
  button.addEventListener("click", () => {
    chosen = (chosen + 1) % themes.length;
    button.textContent = `Theme: ${themes[chosen]}`;
    if (chosen) document.documentElement.dataset.theme = themes[chosen];
    else delete document.documentElement.dataset.theme;
  });
}

// What an element of JSON has in columns: `words` once, and numbers of them.
function results() {
  const packed = JSON.parse(document.getElementById("results").textContent);
  const rows = packed.rows.map((row) =>
    row.map((one, column) => {
      const words = packed.words[packed.columns[column]];
      return words ? words[one] : one;
    }));
  return { columns: packed.columns, rows };
}

function csv({ columns, rows }) {
  const field = (one) =>
    /[",\n]/.test(one) ? `"${String(one).replaceAll('"', '""')}"` : one;
  return [columns, ...rows].map((row) => row.map(field).join(",")).join("\n");
}

function saving(button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const text = `${csv(results())}\n`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = "results.csv";
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

function comparing(form) {
  const element = document.getElementById("configurations");
  const { cells, words, bases, phases } = JSON.parse(element.textContent);
  const fields = (name) => {
    const [base, own] = phases[name];
    const pairs = [...bases[base], ...own];
    return new Map(pairs.map(([key, value]) => [words[key], words[value]]));
  };
  const kind = (name) => name.split("-")[0];
  const body = form.querySelector("tbody");
  const show = () => {
    const [one, other] = [form.one, form.other].map((x) => cells[x.value]);
    const rows = [];
    const kinds = new Set([...one, ...other].map(kind));
    for (const each of kinds) {
      const [a, b] = [one, other].map((names) => names.filter((x) => kind(x) === each));
      for (let at = 0; at < Math.max(a.length, b.length); at++) {
        const [x, y] = [a[at], b[at]].map((name) => (name ? fields(name) : new Map()));
        for (const key of new Set([...x.keys(), ...y.keys()])) {
          if (x.get(key) !== y.get(key)) {
            rows.push([each, key, x.get(key) ?? "–", y.get(key) ?? "–"]);
          }
        }
      }
    }
    if (!rows.length) rows.push(["", "nothing differs", "", ""]);
    body.replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      line.append(...row.map((text, place) => {
        const cell = document.createElement(place < 2 ? "th" : "td");
        cell.className = "words";
        if (place < 2) cell.scope = "row";
        cell.textContent = text;
        return cell;
      }));
      return line;
    }));
  };
  form.hidden = false;
  form.addEventListener("change", show);
  show();
}

document.querySelectorAll("figure.table table").forEach(sortable);
document.querySelectorAll("input[type=search]").forEach(searchable);
themed(document.getElementById("theme"));
saving(document.getElementById("save"));
const form = document.getElementById("comparer");
if (form) comparing(form);
addEventListener("beforeprint", () =>
  document.querySelectorAll("details").forEach((one) => (one.open = true)));
