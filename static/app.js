// Makes the pages smoother. Everything works without it: each part only takes over what a link, a
// form or a picture already does.

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
/** Where wide figures are drawn anew, as their sources say. */
const phone = matchMedia("(max-width: 30rem)");

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
    // The page then says that the run was stopped, and how to start it again.
    cancelled: () => setTimeout(() => location.reload(), 500),
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
  // Who comes back to this page from another one sees how far the run is now.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  setInterval(() => {
    if (started !== null) elapsed.textContent = `${Math.floor((performance.now() - started) / 1000)} s`;
  }, 250);
}

/** A table whose rows come in: the page is asked for again, and the server answers when it knows more. */
async function fill(status) {
  const table = document.querySelector("main table");
  const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
  const busy = "The server is busy. This page updates itself";
  // By which the server knows that it is the same viewer. It is nobody else's, so it does not stay where it would be copied.
  const { again } = status.dataset;
  const own = new URL(location.href);
  if (again && own.searchParams.has("viewer")) {
    own.searchParams.delete("viewer");
    history.replaceState(null, "", own);
  }
  const reload = () => (again ? location.replace(again) : location.reload());
  while (status.hasAttribute("data-filling")) {
    try {
      const response = await fetch(again ?? location.href, { headers: { accept: "text/html", prefer: "wait=1" } });
      // The server says when there will be time for it; what has come in so far stays.
      if (response.status === 503) {
        // A status is read aloud whenever it changes, so it is said once.
        if (status.textContent !== busy) status.textContent = busy;
        // A browser takes a pause of some weeks for none at all.
        const seconds = Number(response.headers.get("retry-after")) || 5;
        await pause(Math.max(1, Math.min(seconds, 60)));
        continue;
      }
      if (!response.ok) return reload();
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const next = page.querySelector("main .count");
      // A page that grows by more than rows is loaded again when there is more of it.
      if (status.dataset.filling === "whole") {
        if (next.textContent !== status.textContent) return reload();
        await pause(1);
        continue;
      }
      const rows = [...table.tBodies[0].rows];
      const filled = [...page.querySelector("main table").tBodies[0].rows];
      if (filled.length !== rows.length) return reload();
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

/** Frames that can be stopped and stepped through, by mouse or keyboard. */
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

/** What a part of the page is in another one of the same kind: by the nearest name around it. */
function twin(element, other) {
  const home = element.closest("[id]");
  const there = [...other.querySelectorAll("[id]")].find(({ id }) => id === home.id);
  const isAlike = ({ name, type, value }) => name === element.name && (type !== "checkbox" || value === element.value);
  const alike = (root) => [...root.querySelectorAll(element.localName)].filter(isAlike);
  return there && alike(there)[alike(home).indexOf(element)];
}

/** Parts that were opened or closed stay so. */
function keepOpen(from, to) {
  const name = (details) => {
    const words = details.querySelector("summary").textContent.replace(/[0-9]+/g, "");
    return `${details.closest("[id]").id} ${words}`;
  };
  const were = new Map([...from.querySelectorAll("details")].map((details) => [name(details), details.open]));
  for (const details of to.querySelectorAll("details")) details.open = were.get(name(details)) ?? details.open;
}

/** The address whose figures are shown; a way back in the history leads to another one. */
let shown = location.search;
let turn = 0;
addEventListener("popstate", () => {
  if (location.search !== shown) location.reload();
});

/** Puts the same page with another look in place, so that `held` stays where it is on the screen. */
async function change(address, held) {
  const mine = ++turn;
  const main = document.querySelector("main");
  main.classList.add("busy");
  try {
    const response = await fetch(address, { headers: { accept: "text/html" } });
    const text = await response.text();
    if (mine !== turn) return;
    // What has to be computed first, or is refused, has a page of its own.
    if (response.status !== 200) return location.assign(address);
    const page = new DOMParser().parseFromString(text, "text/html");
    const next = document.adoptNode(page.querySelector("main"));
    const same = twin(held, next);
    const top = held.getBoundingClientRect().top;
    keepOpen(main, next);
    halt();
    main.replaceWith(next);
    document.title = page.title;
    const { pathname, search } = new URL(response.url);
    history.pushState(null, "", pathname + search);
    shown = search;
    equip(next);
    if (same) {
      scrollBy({ top: same.getBoundingClientRect().top - top, behavior: "instant" });
      same.focus({ preventScroll: true });
    }
  } catch {
    if (mine === turn) location.assign(address);
  }
}

/** A form of a view: each choice is applied at once. */
function choose(form) {
  const apply = (held) => {
    if (!form.reportValidity()) return;
    const address = new URL(form.action);
    address.search = new URLSearchParams(new FormData(form));
    change(address, held);
  };
  form.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-opacity]")) apply(target);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(form.contains(document.activeElement) ? document.activeElement : form);
  });
  for (const link of form.querySelectorAll("[data-view-link]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      change(link.href, link.closest("details").querySelector("summary"));
    });
  }
}

/** The opacity of attributions: the figures are drawn again, and the address keeps the choice. */
function fade(slider) {
  const text = slider.closest("label").querySelector("[data-opacity-text]");
  let timer = null;

  const changed = (address) => {
    const [path, query] = address.split("?");
    return `${path}?${query.replace(/(^|&)opacity=[^&]*/, `$1opacity=${Number(slider.value)}`)}`;
  };
  const redraw = () => {
    for (const figure of document.querySelectorAll("[data-attribution] figure")) {
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
    shown = location.search;
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

/** Files that are dropped, pasted or chosen: sent at once, with a bar; where more can be said of them, when that is done. */
function bring(form) {
  const input = form.querySelector("input[type=file][name=files]");
  const others = [...form.elements].filter((part) => part.name && part !== input);
  const waits = "wait" in form.dataset;
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
    const beside = others.flatMap((part) => [...(part.files ?? [])]);
    const large = [...files, ...beside].find((file) => file.size > maxBytes);
    if (busy || files.length === 0) return;
    if (files.length > maxFiles) return end(`Choose at most ${maxFiles} files at once`);
    if (large) return end(`${large.name} has too many bytes: ${Math.ceil(large.size / 1e6)} MB`);
    const data = new FormData();
    // What they are stands before the files.
    for (const part of others) {
      if (part.type !== "file") data.append(part.name, part.value);
      for (const file of part.files ?? []) data.append(part.name, file, file.name);
    }
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
      say(files.length === 1 ? "Reading the file" : "Reading the files");
    };
    request.onload = () => {
      const { page, message, remedy } = request.response ?? {};
      if (page) location.assign(page);
      else end(message ? `${message}. ${remedy}` : "The server gave no answer. Try again");
    };
    request.onerror = () => end("The connection was lost. Try again");
    busy = true;
    bar.hidden = false;
    say(files.length === 1 ? `Sending ${files[0].name}` : `Sending ${files.length} files`);
    request.send(data);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send([...input.files]);
  });
  if (!waits) input.addEventListener("change", () => send([...input.files]));
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

/** Heads and values of variables, each fetched once, when somebody first asks. */
const fetched = new Map();
const once = (address, read) => {
  if (!fetched.has(address)) {
    const answer = fetch(address).then((response) => (response.ok ? read(response) : Promise.reject(response.status)));
    answer.catch(() => fetched.delete(address));
    fetched.set(address, answer);
  }
  return fetched.get(address);
};

/** A number in few characters, whatever its size. */
const short = (value) =>
  (value === 0 ? "0" : Math.abs(value) >= 0.001 && Math.abs(value) < 1e5 ? String(Number(value.toPrecision(3))) : value.toExponential(1)).replaceAll("-", "−");

/** A place between the points of a lattice: those around it, by their distance. */
function between(rows, row, column) {
  const [top, left] = [Math.min(Math.floor(row), rows.length - 2), Math.min(Math.floor(column), rows[0].length - 2)];
  const [down, right] = [row - top, column - left];
  const along = (r) => (1 - right) * rows[r][left] + right * rows[r][left + 1];
  return (1 - down) * along(top) + down * along(top + 1);
}

/** Where a share of a domain's height and width lies, in words; of a picture in its own pixels. */
function place({ latitudes, longitudes, size_km: size, content, height_px, width_px }, [down, right], [row, column]) {
  const inPicture = (n, from, length, all) => Math.floor(((n - from) / length) * all);
  if (content) {
    const [r, c] = [inPicture(row, content.top, content.height, height_px), inPicture(column, content.left, content.width, width_px)];
    return `row ${r}, column ${c}`;
  }
  const at = degrees({ latitudes, longitudes }, [down, right]);
  if (!at) return `row ${Math.floor(row)}, column ${Math.floor(column)}`;
  const words = (value, [plus, minus]) => `${Math.abs(value).toFixed(3)}° ${value < 0 ? minus : plus}`;
  const km = size ? `, ${Math.round(right * size[1])} km from the west and ${Math.round((1 - down) * size[0])} km from the south edge` : "";
  return `${words(at[0], "NS")}, ${words(at[1], "EW")}${km}`;
}

/** Latitude and longitude of a share of a domain's height and width; null where its place is not known. */
function degrees({ latitudes, longitudes }, [down, right]) {
  if (!latitudes) return null;
  return [latitudes, longitudes].map((rows) => between(rows, down * (rows.length - 1), right * (rows[0].length - 1)));
}

const floats = async (response) => new DataView(await response.arrayBuffer());

/** A map that says its value at a place. */
class Chart {
  constructor(figure) {
    const { head, body, minus, index, frame, frameNarrow, region, covers, size, domain } = figure.dataset;
    Object.assign(this, { figure, head, body, minus, index: Number(index), domain });
    figure.chart = this;
    [this.wide, this.narrow] = [frame, frameNarrow ?? frame].map((shares) => shares.split(",").map(Number));
    [this.row, this.column, this.rows, this.columns] = region.split(",").map(Number);
    this.size = size.split(",").map(Number);
    this.covers = covers.split(",").map(Number);
    this.picture = figure.querySelector(".plane");
    this.cross = document.createElement("span");
    this.cross.className = "cross";
    this.cross.hidden = true;
    this.picture.append(this.cross);
    this.output = figure.querySelector("output.value");
  }

  /** Where the map lies in the picture that is shown: left, top, width, height as shares of the picture's. */
  get frame() {
    return phone.matches ? this.narrow : this.wide;
  }

  /** Row and column of the domain under a pointer; null beside the map. */
  under({ clientX, clientY }) {
    const [left, top, width, height] = this.frame;
    const box = this.picture.querySelector("img").getBoundingClientRect();
    const x = ((clientX - box.left) / box.width - left) / width;
    const y = ((clientY - box.top) / box.height - top) / height;
    if (x < 0 || y < 0 || x >= 1 || y >= 1) return null;
    return [this.row + y * this.rows, this.column + x * this.columns];
  }

  /** Draws the cross at a place of the domain, and says what is there. */
  async mark(row, column, isHere) {
    const [x, y] = [(column - this.column) / this.columns, (row - this.row) / this.rows];
    const [left, top, width, height] = this.frame;
    this.cross.hidden = x < 0 || y < 0 || x > 1 || y > 1;
    this.cross.style.left = `${100 * (left + x * width)}%`;
    this.cross.style.top = `${100 * (top + y * height)}%`;
    // The pointer may go on meanwhile, and the picture may change: the last mark says what is there.
    const mark = { row, column, isHere };
    const { index } = this;
    this.wanted = mark;
    try {
      const [head, values, minus] = await Promise.all([
        once(this.head, (response) => response.json()),
        once(this.body, floats),
        this.minus && once(this.minus, floats),
      ]);
      if (this.wanted !== mark) return;
      const [height, width] = head.plane;
      const share = [row / this.size[0], column / this.size[1]];
      const [top, left, rows, columns] = this.covers;
      const [r, c] = [Math.floor(((row - top) / rows) * height), Math.floor(((column - left) / columns) * width)];
      const isSeen = r >= 0 && c >= 0 && r < height && c < width;
      const unit = head.quantity.unit === "1" ? "" : ` ${head.quantity.unit}`;
      const read = (from, map) => from.getFloat32(4 * ((map * height + r) * width + c), true);
      const value = (map) => read(values, map) - (minus ? read(minus, map) : 0);
      const { classes = [], missing = "no data" } = head.quantity;
      const said = (number) => (!minus && classes[number]) || `${short(number)}${unit}`;
      const say = (number) => (Number.isNaN(number) ? missing : said(number));
      const [axis] = head.axes;
      // The channels of a picture are shown in one map, as the figure says.
      const channels = axis?.name === "channel" ? axis.labels.map((label, i) => [label, value(i)]) : null;
      const together = {
        picture: () => channels.map(([label, number]) => `${label} ${say(number)}`).join(", "),
        signed() {
          const sum = channels.reduce((total, [, number]) => total + number, 0);
          const isSum = new URLSearchParams(location.search).get("polarity") === "signed";
          return isSum ? `${say(sum)} (sum of the channels)` : `${say(sum / channels.length)} (mean of the channels)`;
        },
        sizes: () => `${say(Math.max(...channels.map(([, number]) => number)))} (largest of the channels)`,
      };
      const text = !isSeen ? "not seen by the network" : channels ? together[head.quantity.colours]() : say(value(index));
      this.output.textContent = isHere ? `${text} at ${place(head.domain, share, [row, column])}` : text;
    } catch {
      if (this.wanted === mark) this.output.textContent = "The values cannot be read now";
    }
  }

  /** Puts a place into the fields of forms that ask for one. */
  async put([row, column], inputs) {
    const { domain } = await once(this.head, (response) => response.json());
    const at = degrees(domain, [row / this.size[0], column / this.size[1]]);
    if (!at) return;
    for (const input of inputs) input.value = `node:${at.map((value) => Number(value.toFixed(3))).join(",")}`;
    this.output.textContent += "; this place stands in the forms now";
  }

  /** Where the values lie that it says now. */
  now() {
    const { head, body, index } = this;
    return { head, body, index };
  }

  /** Says the values of another map, also where the pointer rests. */
  become({ head, body, index }) {
    Object.assign(this, { head, body, index: Number(index) });
    if (this.wanted) this.mark(this.wanted.row, this.wanted.column, this.wanted.isHere);
  }

  clear() {
    this.cross.hidden = true;
    this.wanted = null;
    this.output.textContent = "";
  }
}

/** Values under the pointer, one cross over all maps of a domain, and a part of it to look at closely. */
function inspect(figures) {
  const charts = [...figures].map((figure) => new Chart(figure));
  const places = document.querySelectorAll("input[data-place]");
  let here = null;

  const point = (chart, at, isByMouse = false) => {
    here = at && { chart, at, isByMouse };
    for (const other of charts) {
      if (!at || other.domain !== chart.domain) other.clear();
      else other.mark(...at, other === chart);
    }
  };
  // A phone was turned: the map lies elsewhere in the other picture. Of a page that was replaced, nothing is left.
  phone.onchange = () => here && point(here.chart, here.at, here.isByMouse);
  const look = (chart, region) => {
    // A film may show another lead time than the page.
    const address = new URL(document.querySelector("[data-film]")?.dataset.at ?? location.href, location.href);
    const within = (from, length, all) => {
      const start = Math.max(0, Math.min(Math.round(from), all - 8));
      return [start, Math.max(8, Math.min(Math.round(from + length), all) - start)];
    };
    if (region) {
      const [top, height] = within(region[0], region[2], chart.size[0]);
      const [left, width] = within(region[1], region[3], chart.size[1]);
      address.searchParams.set("region", [top, left, height, width].join(","));
    } else {
      address.searchParams.delete("region");
    }
    address.hash = "";
    // The same map has the keyboard then.
    change(address, chart.picture);
  };
  const zoom = (chart, [row, column], by) => {
    const [rows, columns] = [Math.max(8, chart.rows * by), Math.max(8, chart.columns * by)];
    const within = (middle, size, from, all) => Math.min(Math.max(middle - size / 2, from), from + all - size);
    look(chart, [within(row, rows, chart.row, chart.rows), within(column, columns, chart.column, chart.columns), rows, columns]);
  };

  for (const chart of charts) {
    const { picture, figure } = chart;
    let start = null;
    picture.tabIndex = 0;
    picture.setAttribute("role", "group");
    const button = figure.closest("section")?.querySelector("[data-flicker]");
    const switches = button ? " F: switch between forecast and observation." : "";
    const takes = places.length > 0 ? " P: take this place into the forms." : "";
    picture.setAttribute("aria-label", `Arrow keys: value at a place. Z: look closer. X: whole map.${switches}${takes} Escape: end`);
    picture.addEventListener("pointermove", (event) => {
      const isMouse = event.pointerType === "mouse";
      // The page moved, and the mouse did not.
      if (isMouse && event.movementX === 0 && event.movementY === 0) return;
      const at = chart.under(event);
      point(chart, at, isMouse);
      if (start && at) figure.classList.toggle("dragging", Math.abs(at[0] - start[0]) > 8);
    });
    picture.addEventListener("pointerleave", (event) => {
      // A finger that is lifted leaves what it pointed at, and so does a key: the page may move away under the mouse.
      if (event.pointerType === "mouse" && here?.isByMouse) point(chart, null);
    });
    picture.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse") return point(chart, chart.under(event));
      if (event.button === 0) {
        event.preventDefault();
        picture.focus({ preventScroll: true });
        start = chart.under(event);
      }
    });
    // A rectangle is drawn, the picture is not carried away.
    picture.addEventListener("dragstart", (event) => event.preventDefault());
    picture.addEventListener("pointerup", (event) => {
      const end = chart.under(event);
      const [from, to] = [start, end];
      start = null;
      if (!from || !to) return;
      const [rows, columns] = [Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
      if (rows < 1 && columns < 1 && places.length > 0) chart.put(to, places).catch(() => {});
      if (rows >= 8 && columns >= 8) look(chart, [Math.min(from[0], to[0]), Math.min(from[1], to[1]), rows, columns]);
    });
    if (location.hash && decodeURIComponent(location.hash.slice(1)) === figure.id) picture.focus();
    picture.addEventListener("focus", () => chart.output.setAttribute("aria-live", "polite"));
    picture.addEventListener("blur", () => chart.output.removeAttribute("aria-live"));
    picture.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const step = event.shiftKey ? 10 : 1;
      const by = { ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[event.key];
      const at = here?.chart === chart ? here.at : [chart.row + chart.rows / 2, chart.column + chart.columns / 2];
      const clamp = (value, from, size) => Math.min(Math.max(value, from), from + size - 0.5);
      if (by) point(chart, [clamp(at[0] + by[0], chart.row, chart.rows), clamp(at[1] + by[1], chart.column, chart.columns)]);
      else if (event.key === "z") zoom(chart, at, 0.5);
      else if (event.key === "x") look(chart, null);
      else if (event.key === "f" && button) button.click();
      else if (event.key === "p" && places.length > 0) chart.put(at, places).catch(() => {});
      else if (event.key === "Escape") point(chart, null);
      else return;
      event.preventDefault();
    });
  }
}

/** Ends what moves by itself, before something else does or another page stands in its place. */
let halt = () => {};

/** What a map says: its pictures, its words, and where its values lie. */
const readMap = (figure) => ({
  sources: [...figure.querySelectorAll("source, img")].map((part) => part.srcset || part.src),
  title: figure.querySelector("figcaption strong").textContent,
  alt: figure.querySelector("img").alt,
  values: { ...figure.dataset, ...figure.chart?.now() },
});

/** Puts another map into the place of one. */
function putMap(figure, { sources, title, alt, values }) {
  figure.querySelectorAll("source, img").forEach((part, i) => {
    part[part.localName === "img" ? "src" : "srcset"] = sources[i];
  });
  figure.querySelector("figcaption strong").textContent = title;
  figure.querySelector("img").alt = alt;
  // The values under the pointer are those of the picture.
  figure.chart?.become(values);
}

/** What changes by itself is not read aloud each time. */
const hush = (figures, is) =>
  figures.forEach(({ chart }) => {
    if (is) chart?.output.setAttribute("aria-live", "off");
    else chart?.output.removeAttribute("aria-live");
  });

/** Forecasts and the observation one after the other at one place; a button where there are none goes. */
function flicker(button) {
  const named = (name) => [...button.closest("section").querySelectorAll(`figure[data-figure^="map-${name}"]`)];
  const [forecasts, [observed]] = [named("prediction"), named("observation")];
  if (forecasts.length === 0 || !observed) return button.remove();
  let [timer, isSecond, ours, theirs] = [null, false, [], null];
  const words = button.textContent;
  const read = () => ([ours, theirs] = [forecasts.map(readMap), readMap(observed)]);
  const show = (second) => {
    isSecond = second;
    forecasts.forEach((figure, i) => putMap(figure, second ? theirs : ours[i]));
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    show(false);
    hush(forecasts, false);
    halt = () => {};
    button.textContent = words;
  };
  button.addEventListener("click", () => {
    if (timer !== null) return stop();
    if (isSecond) return halt();
    halt();
    read();
    // Who wants no motion changes the picture by hand.
    if (still.matches) {
      halt = stop;
      return show(true);
    }
    hush(forecasts, true);
    timer = setInterval(() => show(!isSecond), 700);
    halt = stop;
    button.textContent = "Stop switching";
  });
}

/** All maps of a section at one lead time after another: played, stopped, and stepped through. */
function film(controls) {
  const figures = [...controls.closest("section").querySelectorAll(".figures figure[data-head]")];
  const [slider, output, button, open] = ["input", "output", "[data-play]", "a"].map((part) => controls.querySelector(part));
  const leads = JSON.parse(controls.dataset.film);
  const first = Number(slider.value);
  const shown = figures.map(readMap);
  // Of the last start, so that one that still waits for pictures knows that it is over; 0: nothing plays.
  let [run, n_runs, timer] = [0, 0, null];

  // The address and the title of a map name its lead time.
  const address = (text, i) => text.replace(/(\/figure\/[^?]+?)(?:(?:%40|@)\d+)?\.svg/, `$1${i > 0 ? `%40${i}` : ""}.svg`);
  const words = (text, i) => text.replace(`+${leads[first].minutes} min`, `+${leads[i].minutes} min`);
  const at = (map, i) => {
    if (i === first) return map;
    const title = words(map.title, i);
    const sources = map.sources.map((source) => address(source, i));
    return { sources, title, alt: `${title}. Open this lead time for what it shows in words.`, values: { ...map.values, index: i } };
  };
  const show = (i) => {
    slider.value = i;
    const { minutes, clock, href } = leads[i];
    output.textContent = `+${minutes} min${clock}`;
    slider.setAttribute("aria-valuetext", output.textContent);
    open.href = href;
    // Where a closer look goes on, and files that are of another map.
    if (i === first) delete controls.dataset.at;
    else controls.dataset.at = href;
    figures.forEach((figure, n) => {
      putMap(figure, at(shown[n], i));
      figure.querySelector("details.files").hidden = i !== first;
    });
  };
  const drawn = (i) =>
    Promise.all(
      shown.map((map) => {
        const [inDark, inLight] = at(map, i).sources.slice(-2);
        const image = new Image();
        image.src = dark.matches ? inDark : inLight;
        return image.decode().catch(() => {});
      }),
    );
  const stop = () => {
    clearTimeout(timer);
    run = 0;
    halt = () => {};
    hush(figures, false);
    button.textContent = "Play";
  };
  const tick = async (mine) => {
    const next = (Number(slider.value) + 1) % leads.length;
    await drawn(next);
    if (run !== mine) return;
    show(next);
    timer = setTimeout(() => tick(mine), next === leads.length - 1 ? 1500 : 400);
  };
  const start = () => {
    halt();
    run = ++n_runs;
    halt = stop;
    hush(figures, true);
    output.setAttribute("aria-live", "off");
    button.textContent = "Stop";
    tick(run);
  };
  // A slider says its own value.
  const step = (i, isSaid) => {
    halt();
    output.setAttribute("aria-live", isSaid ? "polite" : "off");
    show((i + leads.length) % leads.length);
  };
  // Who wants no motion goes on by hand.
  button.addEventListener("click", () => {
    if (run) stop();
    else if (still.matches) step(Number(slider.value) + 1, true);
    else start();
  });
  slider.addEventListener("input", () => step(Number(slider.value), false));
  controls.querySelectorAll("[data-step]").forEach((arrow) =>
    arrow.addEventListener("click", () => step(Number(slider.value) + Number(arrow.dataset.step), true)),
  );
}

/** The ratio of cost to loss that a diagram marks: its values are said at once, and the server draws it. */
function mark(form) {
  const slider = form.elements["cost-loss"];
  const output = form.querySelector("output");
  const holder = form.parentElement;
  const values = JSON.parse(form.dataset.values);
  form.querySelector("button").hidden = true;
  let timer = null;

  const say = () => {
    const ratio = Number(slider.value);
    const [, asSaid, atBest] = values.find(([cost]) => cost >= ratio - 1e-9) ?? [];
    const value = asSaid === undefined ? "" : `: value ${asSaid.toFixed(2)}, at best ${atBest.toFixed(2)}`;
    output.textContent = ratio.toFixed(2) + value;
  };
  const changed = (address) => address.replace(/cost-loss=[^&]*/, `cost-loss=${Number(slider.value)}`);
  const redraw = () => {
    for (const source of holder.querySelectorAll("source")) source.srcset = changed(source.getAttribute("srcset"));
    for (const image of holder.querySelectorAll("img")) image.src = changed(image.getAttribute("src"));
    for (const link of holder.querySelectorAll("a")) link.setAttribute("href", changed(link.getAttribute("href")));
  };
  slider.addEventListener("input", () => {
    say();
    clearTimeout(timer);
    timer = setTimeout(redraw, 200);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  say();
}

document.querySelectorAll("[data-drop]").forEach(bring);
document.querySelectorAll("[data-ratio]").forEach(mark);
document.querySelectorAll("[data-events]").forEach(follow);
document.querySelectorAll("[data-filling]").forEach(fill);
document.querySelectorAll("[data-player]").forEach(play);

/** What the page of a result can do, each time that one is put in place. */
function equip(main) {
  main.querySelectorAll("[data-view]").forEach(choose);
  main.querySelectorAll("[data-opacity]").forEach(fade);
  main.querySelectorAll("[data-copy]").forEach(copy);
  // Maps say what the button of their section does, so they come after it.
  main.querySelectorAll("[data-flicker]").forEach(flicker);
  main.querySelectorAll("[data-film]").forEach(film);
  inspect(main.querySelectorAll("figure[data-head]"));
}
equip(document.querySelector("main"));
