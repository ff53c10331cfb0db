// What the page keeps by itself: theme, time zone, folded sections; and whether its server is still there. It asks nobody else.
(() => {
  const root = document.documentElement, body = document.body;
  const keep = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=strict`; };
  const by = (id) => document.getElementById(id);

  by("theme").addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    keep("workbench_theme", root.dataset.theme);
  });
  by("zone").addEventListener("change", (event) => { keep("workbench_zone", event.target.value); location.reload(); });
  by("run")?.addEventListener("change", (event) => {
    location.search = event.target.value ? `?run=${encodeURIComponent(event.target.value)}` : "";
  });

  // What was picked may open below of what is seen.
  addEventListener("hashchange", () => {
    const opened = by("report");
    if (opened && location.hash.includes("run=")) opened.scrollIntoView({ block: "nearest", behavior: "smooth" });
  });

  const isPhone = matchMedia("(max-width: 640px)").matches;  // there the last section begins folded
  const folded = new Set(JSON.parse(localStorage.getItem("workbench_folded") || (isPhone ? '["features"]' : "[]")));
  for (const button of document.querySelectorAll("h2 button")) {
    const section = button.closest("section");
    const show = () => {
      section.classList.toggle("folded", folded.has(section.id));
      button.setAttribute("aria-expanded", String(!folded.has(section.id)));
    };
    button.addEventListener("click", () => {
      folded.has(section.id) ? folded.delete(section.id) : folded.add(section.id);
      localStorage.setItem("workbench_folded", JSON.stringify([...folded]));
      show();
    });
    show();
  }

  // The hidden section `beat` changes each second: it carries the tab's title, and its silence means that the server is gone.
  let heard = Date.now(), isBound = false;
  const plain = (text) => new DOMParser().parseFromString(text, "text/html").documentElement.textContent;
  const listen = () => {
    const doc = window.Bokeh && Bokeh.documents && Bokeh.documents[0];
    if (!doc || isBound) return;
    isBound = true;
    const beat = () => {
      heard = Date.now();
      const model = doc.get_model_by_name("beat");
      if (!model || !model.text) return;
      const [title, isEmpty] = plain(plain(model.text)).split("|");
      document.title = title;
      body.classList.toggle("is-empty", isEmpty === "1");
    };
    doc.on_change(beat);
    beat();
  };
  setInterval(() => {
    listen();
    const silent = Date.now() - heard;
    body.classList.toggle("is-lost", silent > 8000);
    if (silent > 10000 && document.visibilityState === "visible") {
      fetch("favicon.ico", { method: "HEAD", cache: "no-store" }).then((answer) => { if (answer.ok) location.reload(); }).catch(() => {});
      heard = Date.now() - 8500;
    }
  }, 500);

  // A line under the pointer on the line of P&L. The drawing lies in a shadow root, so it is found on the event's path.
  const tip = document.querySelector(".tip"), rule = document.querySelector(".rule");
  document.addEventListener("pointermove", (event) => {
    const chart = event.composedPath().find((each) => each.dataset && each.dataset.values);
    const svg = chart && chart.querySelector("svg");
    tip.style.display = rule.style.display = svg ? "block" : "none";
    if (!svg) return;
    const box = svg.getBoundingClientRect(), values = chart.dataset.values.split(",");
    const frac = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const value = Number(values[Math.round(frac * (values.length - 1))]);
    const first = Number(chart.dataset.first), last = Number(chart.dataset.last);
    const when = new Date((first + frac * (last - first)) * 1000);
    const time = when.toLocaleTimeString("en-GB", { timeZone: chart.dataset.zone, hour: "2-digit", minute: "2-digit" });
    tip.textContent = `${time}   ${value < 0 ? "\u2212" : value > 0 ? "+" : ""}${Math.abs(value).toLocaleString("en-US")} USD`;
    tip.style.left = rule.style.left = `${box.left + frac * box.width}px`;
    tip.style.top = rule.style.top = `${box.top}px`;
    rule.style.height = `${box.height}px`;
  });
})();
