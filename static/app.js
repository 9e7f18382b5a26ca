// Makes the pages smoother. Everything works without it: each part only takes over what a link, a
// form or a picture already does.

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** The page that waits: states come as events, and the last one leads to the result. */
function follow(section) {
  const bar = section.querySelector("[data-bar]");
  const phase = section.querySelector("[data-phase]");
  const steps = section.querySelector("[data-steps]");
  const elapsed = section.querySelector("[data-elapsed]");
  let started = null;

  const states = {
    queued({ position }) {
      bar.removeAttribute("value");
      phase.textContent =
        position === 0 ? "Waiting for its turn" : `Waiting for ${position} other ${position === 1 ? "run" : "runs"}`;
    },
    running({ phase: name, done, total, elapsed_ms }) {
      started = performance.now() - elapsed_ms;
      const text = name || "Starting";
      // A status is read aloud whenever it changes, so it changes only with the phase.
      if (phase.textContent !== text) phase.textContent = text;
      steps.textContent = total > 0 ? `${done} of ${total}` : "";
      if (total > 0) {
        bar.max = total;
        bar.value = done;
      } else {
        bar.removeAttribute("value");
      }
    },
    done: () => location.reload(),
    failed: () => location.reload(),
    cancelled() {
      phase.textContent = "Stopped";
      steps.textContent = "";
      bar.remove();
      started = null;
    },
  };

  const source = new EventSource(section.dataset.events);
  source.onmessage = (message) => {
    const data = JSON.parse(message.data);
    if (["done", "failed", "cancelled"].includes(data.state)) source.close();
    states[data.state]?.(data);
  };
  // The server was restarted, or has forgotten the run: asking for the page again starts it anew.
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 2000);
  };
  addEventListener("pagehide", () => source.close());
  setInterval(() => {
    if (started !== null) elapsed.textContent = `${Math.floor((performance.now() - started) / 1000)} s`;
  }, 250);
}

/** A table whose rows come in: the page is asked for again, and the server answers when it knows more. */
async function fill(status) {
  const table = document.querySelector("main table");
  const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
  const busy = "The server is busy; this page asks again by itself";
  while (status.hasAttribute("data-filling")) {
    try {
      const response = await fetch(location.href, { headers: { accept: "text/html", prefer: "wait=1" } });
      // The server says when there will be time for it; what has come in so far stays.
      if (response.status === 503) {
        // A status is read aloud whenever it changes, so it is said once.
        if (status.textContent !== busy) status.textContent = busy;
        // A browser takes a pause of some weeks for none at all.
        const seconds = Number(response.headers.get("retry-after")) || 5;
        await pause(Math.max(1, Math.min(seconds, 60)));
        continue;
      }
      if (!response.ok) return location.reload();
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const next = page.querySelector("main .count");
      const rows = [...table.tBodies[0].rows];
      const filled = [...page.querySelector("main table").tBodies[0].rows];
      if (filled.length !== rows.length) return location.reload();
      filled.forEach((row, i) => {
        // Rows that have not changed stay, with what is focused or opened in them.
        if (row.outerHTML !== rows[i].outerHTML) rows[i].replaceWith(row);
      });
      status.textContent = next.textContent;
      status.toggleAttribute("data-filling", next.hasAttribute("data-filling"));
    } catch {
      await pause(2);
    }
  }
}

/** Radar frames that can be stopped and stepped through, by mouse or keyboard. */
function play(section) {
  const picture = section.querySelector("picture");
  const image = picture.querySelector("img");
  const controls = section.querySelector(".controls");
  const slider = controls.querySelector("input");
  const output = controls.querySelector("output");
  const button = controls.querySelector("[data-play]");
  const frames = [...section.querySelectorAll("[data-frame]")];
  const last = frames.length - 1;
  let timer = null;

  const address = (i) => {
    const frame = frames[i].querySelector("picture");
    return dark.matches ? frame.querySelector("source").srcset : frame.querySelector("img").src;
  };
  const show = (i) => {
    const frame = (i + frames.length) % frames.length;
    image.src = address(frame);
    slider.value = frame;
    slider.setAttribute("aria-valuetext", frames[frame].dataset.clock);
    output.textContent = frames[frame].dataset.clock;
    frames.forEach((link, n) => link.toggleAttribute("aria-current", n === frame));
    return frame;
  };
  const pause = () => {
    clearTimeout(timer);
    timer = null;
    button.textContent = "Play";
  };
  const tick = () => {
    const frame = show(Number(slider.value) + 1);
    timer = setTimeout(tick, frame === last ? 1500 : 250);
  };
  const start = () => {
    button.textContent = "Pause";
    tick();
  };
  const step = (by) => {
    pause();
    show(Number(slider.value) + by);
  };

  frames.forEach((_, i) => {
    new Image().src = address(i);
  });
  picture.querySelectorAll("source").forEach((source) => source.remove());
  button.addEventListener("click", () => (timer === null ? start() : pause()));
  slider.addEventListener("input", () => step(0));
  controls.querySelectorAll("[data-step]").forEach((arrow) =>
    arrow.addEventListener("click", () => step(Number(arrow.dataset.step))),
  );
  frames.forEach((link, i) =>
    link.addEventListener("click", (event) => {
      event.preventDefault();
      pause();
      show(i);
    }),
  );
  section.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by !== undefined && event.target !== slider) {
      event.preventDefault();
      step(by);
    }
  });
  if (still.matches) {
    show(last);
    pause();
  } else {
    start();
  }
}

/** The opacity of attributions: the figures are drawn again, and the address keeps the choice. */
function fade(section) {
  const slider = section.querySelector("[data-opacity]");
  const text = section.querySelector("[data-opacity-text]");
  if (!slider) return;
  let timer = null;

  const changed = (address) => {
    const [path, query] = address.split("?");
    return `${path}?${query.replace(/(^|&)opacity=[^&]*/, `$1opacity=${Number(slider.value)}`)}`;
  };
  const redraw = () => {
    for (const figure of section.querySelectorAll("figure")) {
      const image = figure.querySelector("img");
      figure.classList.add("busy");
      image.addEventListener("load", () => figure.classList.remove("busy"), { once: true });
      for (const source of figure.querySelectorAll("source")) source.srcset = changed(source.getAttribute("srcset"));
      image.src = changed(image.getAttribute("src"));
    }
    for (const link of document.querySelectorAll('main a[href*="opacity="]')) {
      link.setAttribute("href", changed(link.getAttribute("href")));
    }
    for (const input of document.querySelectorAll('input[type="hidden"][name="opacity"]')) input.value = Number(slider.value);
    history.replaceState(null, "", changed(location.href));
  };
  slider.addEventListener("input", () => {
    text.textContent = `${Math.round(slider.value * 100)} %`;
    clearTimeout(timer);
    timer = setTimeout(redraw, 150);
  });
}

/** A button that copies a citation. */
function copy(block) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.querySelector("pre").textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(block.querySelector("pre"));
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  block.append(button);
}

/** Pictures that are dropped, pasted or chosen: sent at once, with a bar. */
function bring(form) {
  const input = form.querySelector("input[type=file]");
  const bar = form.querySelector("[data-bar]");
  const status = form.querySelector("[data-status]");
  const { maxBytes, maxFiles } = form.dataset;
  const say = (text) => (status.textContent = text);
  let busy = false;

  const end = (text) => {
    busy = false;
    bar.hidden = true;
    input.value = "";
    say(text);
  };
  const send = (files) => {
    const large = files.find((file) => file.size > maxBytes);
    if (busy || files.length === 0) return;
    if (files.length > maxFiles) return end(`Choose at most ${maxFiles} files at once`);
    if (large) return end(`${large.name} is too large: ${Math.ceil(large.size / 1e6)} MB`);
    const data = new FormData();
    for (const file of files) data.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      bar.max = total;
      bar.value = loaded;
    };
    request.upload.onload = () => {
      bar.removeAttribute("value");
      say("Reading the pictures");
    };
    request.onload = () => {
      const { page, message, remedy } = request.response ?? {};
      if (page) location.assign(page);
      else end(message ? `${message}. ${remedy}` : "The server gave no answer. Try again");
    };
    request.onerror = () => end("The connection broke off. Try again");
    busy = true;
    bar.hidden = false;
    say(files.length === 1 ? `Sending ${files[0].name}` : `Sending ${files.length} files`);
    request.send(data);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send([...input.files]);
  });
  input.addEventListener("change", () => send([...input.files]));
  addEventListener("paste", (event) => send([...(event.clipboardData?.files ?? [])]));
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    form.classList.remove("over");
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    send([...event.dataTransfer.files]);
  });
}

document.querySelectorAll("[data-drop]").forEach(bring);
document.querySelectorAll("[data-events]").forEach(follow);
document.querySelectorAll("[data-filling]").forEach(fill);
document.querySelectorAll("[data-player]").forEach(play);
document.querySelectorAll("[data-attribution]").forEach(fade);
document.querySelectorAll("[data-copy]").forEach(copy);
