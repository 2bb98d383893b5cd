"use strict";
// Layers of the map are switched by class; without scripts all of them are shown.
document.documentElement.classList.add("js");
for (const box of document.querySelectorAll("[data-layer]")) {
  const show = () => {
    for (const layer of document.querySelectorAll("svg.map ." + box.dataset.layer)) {
      layer.style.display = box.checked ? "" : "none";
    }
  };
  box.addEventListener("change", show);
  show();
}
