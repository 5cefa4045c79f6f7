(() => {
  "use strict";
  const id = name => document.getElementById(name);
  const items = [...document.querySelectorAll("main li")];
  const folds = [...document.querySelectorAll("main details")];
  const [tools, field, said] = [id("tools"), id("find"), id("said")];
  let texts, before, timer;
  // What is searched of an object: its path, its line, and its attributes.
  const text = item => {
    const box = item.firstElementChild;
    const line = box.tagName === "DETAILS" ? box.firstElementChild : box;
    const attributes = box.querySelector(":scope > .b > .a, :scope > .b > .k > .a");
    const up = item.parentElement.closest("li");
    const name = line.firstElementChild.textContent;
    item.path = up ? up.path.replace(/\/$/, "") + "/" + name : name;
    return (item.path + " " + line.textContent + " " + (attributes ? attributes.textContent : "")).toLowerCase();
  };
  const find = () => {
    const wanted = field.value.trim().toLowerCase();
    texts ??= items.map(text);
    before ??= folds.map(fold => fold.open);
    if (!wanted) {
      items.forEach(item => { item.hidden = false; });
      folds.forEach((fold, at) => { fold.open = before[at]; });
      before = undefined;
      said.textContent = "";
      return;
    }
    let count = 0;
    const shown = new Set(), above = new Set();
    items.forEach((item, at) => {
      if (!texts[at].includes(wanted)) return;
      count += 1;
      shown.add(item);
      for (let up = item.parentElement.closest("li"); up && !above.has(up); up = up.parentElement.closest("li")) above.add(up);
    });
    items.forEach(item => {
      item.hidden = !shown.has(item) && !above.has(item);
      const fold = item.firstElementChild;
      if (fold.tagName === "DETAILS" && above.has(item)) fold.open = true;
    });
    said.textContent = count === 1 ? "1 match" : count + " matches";
  };
  const all = open => folds.forEach(fold => { fold.open = open; });
  const go = () => {
    const item = id(location.hash.slice(1));
    if (!item) return;
    for (let up = item; up; up = up.parentElement.closest("li")) {
      up.hidden = false;
      if (up.firstElementChild.tagName === "DETAILS") up.firstElementChild.open = true;
    }
    item.scrollIntoView({ block: "center" });
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 120); });
  field.addEventListener("change", () => { clearTimeout(timer); find(); });
  id("open").addEventListener("click", () => all(true));
  id("close").addEventListener("click", () => all(false));
  addEventListener("hashchange", go);
  addEventListener("beforeprint", () => { if (folds.length <= 2000) all(true); });
  tools.hidden = false;
  document.documentElement.dataset.ready = "";
  go();
})();
