"use strict";
// Shows, hides and regroups the findings that the page holds. It makes no markup out of text: only nodes and textContent.
(() => {
  const byId = (id) => document.getElementById(id);
  rememberTheme(byId("themes"), byId("theme"));
  const list = byId("findings");
  if (!list) return;

  const form = byId("filters");
  const nothing = byId("nothing");
  const field = (id) => byId(id)?.value ?? "";
  const items = [...list.querySelectorAll(".finding")]
    .map((node) => ({ node, number: Number(node.id.slice("finding-".length)), words: "", ...node.dataset }))
    .sort((one, other) => one.number - other.number);
  const headings = new Map([...list.querySelectorAll(".group")].map((group) => [group.dataset.key, group.querySelector("h2")]));
  const optionsOf = (id) => [...byId(id).options].filter((option) => option.value);
  const names = { ticket: optionsOf("ticket"), rule: optionsOf("rule"), path: [] };
  const SEVERITIES = ["error", "warning", "note"];
  let groups = [];

  const words = (item) => (item.words ||= item.node.textContent.toLowerCase());
  const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

  function regroup() {
    const kind = field("group");
    const found = new Map(names[kind].map((option) => [option.value, []]));
    for (const item of items) {
      if (!found.has(item[kind])) found.set(item[kind], []);
      found.get(item[kind]).push(item);
    }
    let order = [...found.keys()];
    if (kind === "path") order = order.sort();
    groups = order.filter((key) => found.get(key).length).map((key, index) => section(kind, key, found.get(key), index));
    list.dataset.group = kind;
    list.replaceChildren(...groups.map((group) => group.node), nothing);
  }

  function section(kind, key, members, index) {
    const node = document.createElement("section");
    const head = document.createElement("header");
    const count = document.createElement("p");
    const holder = document.createElement("div");
    const heading = kind === "ticket" ? headings.get(key) : document.createElement("h2");
    if (kind !== "ticket") heading.textContent = names[kind].find((option) => option.value === key)?.textContent ?? key;
    heading.id = `group-${index}`;
    node.className = "group";
    node.setAttribute("aria-labelledby", heading.id);
    count.className = "count";
    holder.className = "items";
    head.append(heading, count);
    holder.append(...members.map((item) => item.node));
    node.append(head, holder);
    return { node, count, members };
  }

  function filter() {
    const severities = new Set([...form.querySelectorAll("[name=severity]:checked")].map((box) => box.value));
    const wanted = field("search").toLowerCase().split(/\s+/).filter(Boolean);
    const part = field("path").toLowerCase();
    const [ticket, rule, status] = ["ticket", "rule", "status"].map(field);
    const matches = (item) =>
      severities.has(item.severity) && (!ticket || item.ticket === ticket) && (!rule || item.rule === rule) &&
      (!status || item.status === status) && (!part || item.path.toLowerCase().includes(part)) &&
      wanted.every((word) => words(item).includes(word));
    let shown = 0;
    for (const group of groups) {
      const counts = { error: 0, warning: 0, note: 0 };
      let here = 0;
      for (const item of group.members) {
        const fits = matches(item);
        if (item.node.hidden === fits) item.node.hidden = !fits;
        if (!fits) continue;
        here += 1;
        counts[item.severity] += 1;
      }
      group.node.hidden = !here;
      group.count.textContent = SEVERITIES.filter((name) => counts[name]).map((name) => plural(counts[name], name)).join(", ");
      shown += here;
    }
    nothing.hidden = shown > 0;
    byId("shown").textContent = shown === items.length
      ? plural(shown, "finding")
      : `${shown.toLocaleString("en")} of ${plural(items.length, "finding")}`;
    nameTheOpener();
  }

  const visible = () => items.filter((item) => !item.node.hidden);
  const nameTheOpener = () => { byId("open").textContent = visible().some((item) => !item.node.open) ? "Open all" : "Close all"; };

  function openOrClose() {
    const open = visible().some((item) => !item.node.open);
    for (const item of visible()) item.node.open = open;
    nameTheOpener();
  }

  function pick(event) {
    const ticket = event.target.closest("[data-pick]")?.dataset.pick;
    if (ticket === undefined) return;
    event.preventDefault();
    form.reset();
    byId("ticket").value = ticket;
    regroup();
    filter();
    form.scrollIntoView();
    list.focus({ preventScroll: true });
  }

  function shortcut(event) {
    const typing = event.target.closest("input[type=search], select, textarea");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byId("search").focus();
  }

  // Typing waits for a pause, so that a long list is not searched for every letter of a word.
  let pause = 0;
  form.addEventListener("input", (event) => {
    clearTimeout(pause);
    if (event.target.type === "search") pause = setTimeout(filter, 120);
  });
  form.addEventListener("change", (event) => {
    clearTimeout(pause);
    if (event.target.id === "group") regroup();
    filter();
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  form.addEventListener("reset", () => setTimeout(filter, 0));
  for (const button of document.querySelectorAll(".clear")) {
    button.addEventListener("click", () => {
      const group = field("group");
      form.reset();
      byId("group").value = group;
      byId("search").focus();
    });
  }
  byId("open").addEventListener("click", openOrClose);
  // Opening all of them tells of each one; the button is named anew once, after the last.
  let told = 0;
  list.addEventListener("toggle", () => { cancelAnimationFrame(told); told = requestAnimationFrame(nameTheOpener); }, true);
  document.addEventListener("click", pick);
  document.addEventListener("keydown", shortcut);
  regroup();
  filter();
  form.hidden = false;

  function rememberTheme(label, select) {
    const stored = (value) => {
      try { return value === undefined ? localStorage.getItem("chunklint-theme") : localStorage.setItem("chunklint-theme", value); }
      catch { return null; } // A page without storage (a sandboxed frame, a strict browser) only forgets the choice.
    };
    const apply = () => { document.documentElement.dataset.theme = select.value; };
    select.value = stored() || "";
    if (select.selectedIndex < 0) select.value = "";
    select.addEventListener("change", () => { apply(); stored(select.value); });
    apply();
    label.hidden = false;
  }
})();
