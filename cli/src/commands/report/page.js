(() => {
  "use strict";
  const id = name => document.getElementById(name);
  const main = document.querySelector("main");
  const [tools, field, said] = [id("tools"), id("find"), id("said")];
  let texts, before, timer;
  // Parts that wait are elements whose markup is a text here, and what is in them: markup and further parts, once it is known.
  const waiting = new Map([...main.querySelectorAll("noscript")].map(part => [part, undefined]));
  // In the markup of a part, others are between `<!--[-->` and `<!--]-->`.
  const read = markup => {
    const within = [[]];
    markup.split(/<!--([[\]])-->/).forEach((text, at) => {
      if (at % 2 === 0) within.at(-1).push(text);
      else if (text === "]") within.pop();
      else {
        const inner = [];
        within.at(-1).push(inner);
        within.push(inner);
      }
    });
    return within[0];
  };
  const make = part => {
    const content = waiting.get(part) ?? read(part.textContent);
    const made = document.createElement("template");
    made.innerHTML = content.map(text => typeof text === "string" ? text : "<noscript></noscript>").join("");
    const inner = made.content.querySelectorAll("noscript");
    content.filter(text => typeof text !== "string").forEach((content, at) => waiting.set(inner[at], content));
    waiting.delete(part);
    part.replaceWith(made.content);
  };
  const makeAll = () => waiting.forEach((_, part) => make(part));
  // What waits becomes elements while there is nothing else to do: the browser finds words in elements alone.
  const idle = self.requestIdleCallback ?? (run => setTimeout(run, 30));
  const makeMore = deadline => {
    for (const part of waiting.keys()) {
      make(part);
      if (!(deadline?.timeRemaining() > 10)) break;
    }
    if (waiting.size > 0) idle(makeMore);
  };
  // The element of that name, of which the parts that it is in are made.
  const reach = name => {
    const line = `<li id="${name}"`;
    const has = content => content.some(text => typeof text === "string" ? text.includes(line) : has(text));
    while (/^o\d+$/.test(name)) {
      const part = id(name) ? undefined : [...waiting].find(([part, content]) => has(content ?? [part.textContent]));
      if (!part) return id(name);
      make(part[0]);
    }
    return null;
  };
  const all = of => [...main.querySelectorAll(of)];
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
  // As how high lists count until they are laid out: as those of so many rows, or, of none, as they are by themselves.
  const lists = rows => all(".c").forEach(list => {
    const count = rows(list);
    list.style.containIntrinsicHeight = count === undefined ? "" : `calc(${count} * var(--row))`;
  });
  const find = () => {
    const wanted = field.value.trim().toLowerCase();
    makeAll();
    const [items, folds] = [all("li"), all("details")];
    texts ??= items.map(text);
    before ??= folds.map(fold => fold.open);
    if (!wanted) {
      items.forEach(item => { item.hidden = false; });
      folds.forEach((fold, at) => { fold.open = before[at]; });
      before = undefined;
      lists(() => undefined);
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
    lists(list => [...list.children].filter(item => !item.hidden).length);
    said.textContent = count === 1 ? "1 match" : count + " matches";
  };
  const setAll = open => {
    makeAll();
    all("details").forEach(fold => { fold.open = open; });
  };
  let target;
  const go = () => {
    target?.classList.remove("at");
    target = reach(location.hash.slice(1));
    const item = target;
    if (!item) return;
    item.classList.add("at");
    for (let up = item; up; up = up.parentElement.closest("li")) {
      up.hidden = false;
      if (up.firstElementChild.tagName === "DETAILS") up.firstElementChild.open = true;
    }
    item.scrollIntoView({ block: "center" });
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 120); });
  field.addEventListener("change", () => { clearTimeout(timer); find(); });
  id("open").addEventListener("click", () => setAll(true));
  id("close").addEventListener("click", () => setAll(false));
  addEventListener("hashchange", go);
  addEventListener("beforeprint", () => {
    makeAll();
    if (all("details").length <= 2000) setAll(true);
  });
  // What is below the line of a fold, or in a list.
  const makeIn = element => [...element.children].filter(part => waiting.has(part)).forEach(make);
  main.addEventListener("toggle", event => { if (event.target.open) makeIn(event.target); }, true);
  main.addEventListener("contentvisibilityautostatechange", event => { if (!event.skipped) makeIn(event.target); }, true);
  addEventListener("load", () => { if (waiting.size > 0) idle(makeMore); });
  tools.hidden = false;
  document.documentElement.dataset.ready = "";
  go();
})();
