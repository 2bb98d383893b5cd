document.documentElement.classList.add("js");
for (const input of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.getElementById(input.dataset.filter).children].filter((r) => !r.classList.contains("head"));
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((w) => text.includes(w));
    }
  });
}
const plan = document.getElementById("plan-svg");
const buttons = [...document.querySelectorAll("[data-height]")];
const show = (height) => {
  for (const b of buttons) b.setAttribute("aria-pressed", String(b.dataset.height === height));
  for (const b of buttons) {
    for (const layer of plan.querySelectorAll("." + b.dataset.height)) layer.classList.toggle("off", b.dataset.height !== height);
  }
};
for (const b of buttons) b.addEventListener("click", () => show(b.dataset.height));
if (plan && buttons.length) show(buttons[0].dataset.height);
