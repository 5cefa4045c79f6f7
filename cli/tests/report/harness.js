// Opens pages in frames, does with them what readers do, and leaves what became of them in the document. `given` has the pages by name.
const said = {};
// The browser waits for this frame, and it is not loaded before it is removed.
const hold = document.createElement("iframe");
document.body.append(hold);
hold.contentDocument.open();

const look = root => ({
  hit: "hit" in (root.documentElement?.dataset ?? {}),
  ready: "ready" in (root.documentElement?.dataset ?? {}),
  scripts: root.querySelectorAll("script").length,
  styles: root.querySelectorAll("style").length,
  events: [...root.querySelectorAll("*")].filter(node => [...node.attributes].some(one => /^on/i.test(one.name))).length,
  images: [...root.querySelectorAll("img,image")].filter(node => !/^data:image\/png;base64,[A-Za-z0-9+/=]*$/.test(node.getAttribute("href"))).length,
  links: [...root.querySelectorAll("a")].filter(node => !/^#o[0-9]+$/.test(node.getAttribute("href"))).length,
  others: root.querySelectorAll("b,iframe,object,embed,link,base,form,textarea,foreignObject").length,
});
// How many objects and elements there are, how many objects can be seen by who scrolls, and how much waits.
const count = shown => {
  const items = [...shown.querySelectorAll("li[id]")];
  return {
    items: items.length,
    names: new Set(items.map(item => item.id)).size,
    seen: items.filter(item => !item.closest("[hidden]") && !item.parentElement.closest("details:not([open])")).length,
    nodes: shown.querySelectorAll("*").length,
    waiting: shown.querySelectorAll("main noscript").length,
    closed: shown.querySelectorAll("main details:not([open])").length,
  };
};
const open = (html, sandbox) => new Promise(done => {
  const frame = document.createElement("iframe"), start = performance.now();
  frame.style.cssText = "width:1200px;height:900px";
  if (sandbox) frame.sandbox = sandbox;
  frame.srcdoc = html;
  frame.onload = () => {
    const shown = frame.contentDocument;
    shown.documentElement.getBoundingClientRect();
    done({ frame, shown, window: frame.contentWindow, time: performance.now() - start });
  };
  document.body.append(frame);
});
const event = (target, name, act) => new Promise(done => {
  target.addEventListener(name, done, { once: true });
  act();
});
const until = async condition => {
  for (let round = 0; round < 6000 && !condition(); round += 1) await new Promise(done => setTimeout(done, 10));
};
const find = ({ shown, window }, text) => {
  const field = shown.getElementById("find");
  field.value = text;
  field.dispatchEvent(new window.Event("change"));
  return { said: shown.getElementById("said").textContent, seen: count(shown).seen };
};

// What is done with a page that is open.
const acts = {
  async read(page, target) {
    const { shown, window } = page;
    // Nothing is made here but what is asked for.
    for (let number = 0; number < 20; number += 1) window.cancelIdleCallback(number);
    const start = count(shown);
    const result = { start, time: page.time };
    if (target) {
      await event(window, "hashchange", () => { window.location.hash = "#" + target; });
      const item = shown.getElementById(target);
      result.target = { text: item?.textContent ?? "", isSeen: item?.checkVisibility() ?? false, ...count(shown) };
    }
    const fold = [...shown.querySelectorAll("main details:not([open])")].find(fold => fold.querySelector(":scope > noscript"));
    if (fold) {
      await event(fold, "toggle", () => { fold.open = true; });
      result.fold = { waits: fold.querySelector(":scope > noscript") !== null, parts: fold.children.length };
    }
    shown.getElementById("open").click();
    result.all = count(shown);
    // What waits for the mouse or the keyboard.
    shown.querySelectorAll("*").forEach(node => ["mouseover", "focus"].forEach(name => node.dispatchEvent(new Event(name))));
    // What a picture that is not there would run, it would run now.
    await new Promise(done => setTimeout(done, 300));
    result.text = shown.querySelector("main").textContent.length;
    result.found = find(page, "dataset 77");
    result.cleared = find(page, "");
    return { ...result, ...look(shown) };
  },
  async print({ shown, window }) {
    for (let number = 0; number < 20; number += 1) window.cancelIdleCallback(number);
    window.dispatchEvent(new window.Event("beforeprint"));
    return { ...count(shown), ...look(shown) };
  },
  async wait({ shown }) {
    await until(() => shown.querySelector("main noscript") === null);
    return { ...count(shown), ...look(shown) };
  },
  // No script runs in the page: this one opens its folds as a reader would.
  async plain({ shown }) {
    shown.querySelectorAll("details").forEach(fold => { fold.open = true; });
    return { ...count(shown), text: shown.querySelector("main").textContent.length, ...look(shown) };
  },
  // The browser has scripts, but does not run the page's.
  async forbidden({ shown, window }) {
    const folds = [...shown.querySelectorAll("main details")];
    folds.forEach(fold => { fold.open = true; });
    const notes = folds.map(fold => window.getComputedStyle(fold, "::after").content);
    return { note: notes.find(note => note.includes("script")) ?? "", ...look(shown) };
  },
};

(async () => {
  for (const { name, page, act, target } of given.acts) {
    const opened = await open(given.pages[page], act === "plain" ? "allow-same-origin" : undefined);
    const start = performance.now();
    said[name] = await acts[act](opened, target).catch(error => ({ error: String(error) }));
    said[name].took = performance.now() - start;
    opened.frame.remove();
  }
  said.svgs = given.svgs.map(svg => {
    const shown = new DOMParser().parseFromString(svg, "image/svg+xml");
    return { errors: shown.querySelectorAll("parsererror").length, texts: shown.querySelectorAll("text").length, ...look(shown) };
  });
  said.hit = "hit" in document.documentElement.dataset;
  const out = document.createElement("pre");
  out.id = "out";
  out.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(said))));
  document.body.replaceChildren(out);
})();
