// The viewer of a paper. What the paper says reaches the page as text and as images alone, never as markup.
// Pages near the ones seen are drawn; those further away are given back, so a long paper takes no more than a short one.

const SETTLED_MS = 150; // a page that is scrolled past is not asked for
const AT_ONCE = { image: 2, text: 1 };
const NEAR = "150% 0px"; // of the viewer's height: what is drawn before it is seen

const viewers = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let viewer = viewers.get(parentElement);
  if (!viewer || viewer.asked !== data.asked) {
    if (viewer) viewer.close();
    viewer = open(parentElement, data, setTriggerValue);
    viewers.set(parentElement, viewer);
  }
  viewer.update(data);
}

function open(parentElement, data, setTriggerValue) {
  const root = element("div", "paper-viewer");
  root.tabIndex = 0;
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", data.labels.name);
  const where = element("div", "where");
  where.append(element("span"));
  const ask = element("button", "ask");
  ask.type = "button";
  ask.hidden = true;
  ask.textContent = data.labels.ask;
  const sheets = data.sizes.length ? pages(root, data) : prose(root, data);
  root.prepend(where);
  root.append(ask);
  parentElement.append(root);

  let selected = null;
  const onSelection = () => {
    selected = selection(root);
    ask.hidden = !selected;
  };
  const onScroll = () => {
    const seen = data.sizes.length > 1 ? sheets.seen() : 0;
    where.firstChild.textContent = seen ? `${seen} / ${data.sizes.length}` : "";
    where.hidden = !seen;
  };
  document.addEventListener("selectionchange", onSelection);
  root.addEventListener("scroll", onScroll, { passive: true });
  ask.addEventListener("mousedown", (event) => event.preventDefault()); // or the selection is gone
  ask.addEventListener("click", () => selected && setTriggerValue("passage", selected));
  onScroll();

  let gone = "";
  return {
    asked: data.asked,
    update(now) {
      sheets.mark(now.marks);
      const at = JSON.stringify(now.at);
      if (now.at && at !== gone) sheets.go(now.at);
      if (!gone && now.at && now.at.kind === "passage") root.scrollIntoView({ block: "center" });
      gone = at;
    },
    close() {
      document.removeEventListener("selectionchange", onSelection);
      sheets.close();
      root.remove();
    },
  };
}

// --- pages of a PDF ---

function pages(root, data) {
  const sheets = data.sizes.map(([width, height], index) => {
    const sheet = element("div", "sheet");
    sheet.dataset.page = index + 1;
    sheet.style.aspectRatio = `${Math.max(1, width)} / ${Math.max(1, height)}`;
    root.append(sheet);
    return sheet;
  });
  let marks = [];
  let settled = 0;
  const busy = { image: 0, text: 0 };
  const observer = new IntersectionObserver(
    (seen) => seen.forEach((one) => (one.isIntersecting ? near(one.target) : far(one.target))),
    { root, rootMargin: NEAR },
  );
  sheets.forEach((sheet) => observer.observe(sheet));

  function near(sheet) {
    if (sheet.left) return;
    sheet.left = new AbortController();
    sheet.asked = {};
    drawMarks(sheet);
    moved();
  }

  function far(sheet) {
    if (!sheet.left) return;
    sheet.left.abort();
    sheet.left = null;
    if (sheet.drawn) URL.revokeObjectURL(sheet.drawn);
    sheet.drawn = null;
    sheet.replaceChildren();
    moved();
  }

  function moved() {
    clearTimeout(settled);
    settled = setTimeout(() => {
      settled = 0;
      work();
    }, SETTLED_MS);
  }

  /** Ask for what is nearest to the eye, a little at a time: whatever is scrolled past meanwhile is never asked for. */
  function work() {
    if (settled) return;
    for (const [what, get] of [["image", draw], ["text", read]]) {
      while (busy[what] < AT_ONCE[what]) {
        const sheet = nearest(what);
        if (!sheet) break;
        busy[what] += 1;
        sheet.asked[what] = true;
        get(sheet, sheet.left.signal).finally(() => {
          busy[what] -= 1;
          work();
        });
      }
    }
  }

  function nearest(what) {
    const middle = root.scrollTop + root.clientHeight / 2;
    const away = (sheet) => Math.abs(sheet.offsetTop + sheet.offsetHeight / 2 - middle);
    const waits = (sheet) => sheet.left && !sheet.asked[what] && (what === "image" || sheet.drawn);
    return sheets.filter(waits).sort((a, b) => away(a) - away(b))[0];
  }

  async function draw(sheet, signal) {
    const waits = element("div", "waits");
    waits.textContent = data.labels.page.replace("{page}", sheet.dataset.page);
    sheet.append(waits);
    try {
      const drawn = await asked("image", data, sheet.dataset.page, signal);
      const source = URL.createObjectURL(await drawn.blob());
      if (signal.aborted) return URL.revokeObjectURL(source);
      sheet.drawn = source;
      const image = element("img");
      image.alt = waits.textContent;
      image.draggable = false;
      image.src = source;
      waits.replaceWith(image);
    } catch (error) {
      if (!signal.aborted) waits.textContent = `${data.labels.broken} ${error.message}`;
    }
  }

  async function read(sheet, signal) {
    try {
      const { words } = await (await asked("text", data, sheet.dataset.page, signal)).json();
      if (!signal.aborted) sheet.append(layer(words, data.sizes[sheet.dataset.page - 1]));
    } catch {
      // a page without text is still a picture
    }
  }

  function drawMarks(sheet) {
    sheet.querySelectorAll(".mark").forEach((one) => one.remove());
    for (const mark of marks.filter((one) => one.page === Number(sheet.dataset.page))) {
      for (const box of mark.boxes || []) {
        const drawn = element("div", "mark", mark.kind);
        place(drawn, box);
        sheet.append(drawn);
      }
    }
  }

  return {
    mark(now) {
      marks = now;
      sheets.filter((sheet) => sheet.left).forEach(drawMarks);
    },
    go(at) {
      const sheet = sheets[at.page - 1];
      if (!sheet) return;
      const down = at.boxes && at.boxes.length ? at.boxes[0][1] * sheet.offsetHeight : 0;
      const above = down ? root.clientHeight / 3 : 8;
      root.scrollTop = sheet.offsetTop + down - above;
    },
    seen() {
      const middle = root.scrollTop + root.clientHeight / 2;
      const below = sheets.findIndex((sheet) => sheet.offsetTop > middle);
      return below < 0 ? sheets.length : Math.max(1, below);
    },
    close() {
      observer.disconnect();
      sheets.forEach(far);
      clearTimeout(settled);
    },
  };
}

/** The words of a page, unseen over its image; each reaches to the next on its line, so that a selection has no gaps. */
function layer(words, [width, height]) {
  const layer = element("div", "words");
  words.forEach(([start, text, x0, y0, x1, y1], index) => {
    const next = words[index + 1];
    const follows = next && next[2] >= x1 && next[2] - x1 < 0.03 && next[3] < y1 && next[5] > y0;
    const word = element("span");
    word.dataset.start = start;
    word.dataset.length = text.length;
    word.textContent = text + (follows ? " " : "\n"); // for whoever copies it
    word.style.fontSize = `${(((y1 - y0) * height) / width) * 100}cqw`;
    place(word, [x0, y0, follows ? next[2] : x1, y1]);
    layer.append(word);
  });
  return layer;
}

// --- a text without pages ---

function prose(root, data) {
  const sheet = element("div", "sheet prose");
  sheet.dataset.page = 0;
  sheet.textContent = "…";
  root.append(sheet);
  const left = new AbortController();
  let blocks = [];
  let marks = [];
  let wanted = null;

  asked("text", data, 0, left.signal)
    .then((told) => told.json())
    .then((told) => {
      blocks = told.blocks.map(([start, kind, text]) => {
        const block = element("div", "", kind);
        return { start, text, block };
      });
      sheet.replaceChildren(...blocks.map((one) => one.block));
      blocks.forEach(fill);
      if (wanted) go(wanted);
    })
    .catch((error) => {
      if (!left.signal.aborted) sheet.textContent = `${data.labels.broken} ${error.message}`;
    });

  /** A block's text, cut where marks begin and end; every piece knows where it starts. */
  function fill({ start, text, block }) {
    const end = start + text.length;
    const inside = marks.filter((one) => one.start < end && start < one.end);
    const cuts = new Set([start, end]);
    inside.forEach((one) => cuts.add(Math.max(start, one.start)).add(Math.min(end, one.end)));
    const places = [...cuts].sort((a, b) => a - b);
    block.replaceChildren(
      ...places.slice(0, -1).map((from, index) => {
        const over = inside.filter((one) => one.start <= from && from < one.end).pop();
        const piece = element(over ? "mark" : "span", "", over && over.kind);
        piece.dataset.start = from;
        piece.textContent = text.slice(from - start, places[index + 1] - start);
        return piece;
      }),
    );
    block.marked = inside.length > 0;
  }

  function go(at) {
    wanted = at;
    const found = blocks.find((one) => at.start < one.start + one.text.length);
    if (!found) return;
    const pieces = [...found.block.children];
    const piece = pieces.find((one) => Number(one.dataset.start) >= at.start) || found.block;
    const below = piece.getBoundingClientRect().top - root.getBoundingClientRect().top;
    root.scrollTop += below - root.clientHeight / 3;
  }

  return {
    mark(now) {
      marks = now;
      const touched = ({ start, text }) =>
        marks.some((one) => one.start < start + text.length && start < one.end);
      blocks.filter((one) => one.block.marked || touched(one)).forEach(fill);
    },
    go,
    seen: () => 0,
    close: () => left.abort(),
  };
}

// --- both ---

/** The stretch that is selected, in whole words, cut at the end of its first page; null for none. */
function selection(root) {
  const chosen = document.getSelection();
  if (!chosen || chosen.isCollapsed || !chosen.rangeCount) return null;
  const range = chosen.getRangeAt(0);
  if (!root.contains(range.startContainer) && !root.contains(range.endContainer)) return null;
  const pieces = [...root.querySelectorAll("[data-start]")].map((piece) => within(piece, range));
  const inside = pieces.filter((one) => one && one.to > one.from);
  if (!inside.length) return null;
  const sheet = inside[0].piece.closest(".sheet");
  const last = inside.filter((one) => sheet.contains(one.piece)).pop();
  const { piece, from } = inside[0];
  const before = piece.textContent.slice(0, from).match(/\S*$/)[0].length;
  const after = last.piece.textContent.slice(last.to).match(/^\S*/)[0].length;
  return {
    page: Number(sheet.dataset.page),
    start: Number(piece.dataset.start) + from - before,
    end: Number(last.piece.dataset.start) + last.to + after,
  };
}

/** The part of a piece's text that a range covers; null for one that it does not touch. */
function within(piece, range) {
  if (!range.intersectsNode(piece)) return null;
  const length = Number(piece.dataset.length || piece.textContent.length);
  const offset = (container, at, otherwise) => (piece.contains(container) ? at : otherwise);
  const from = offset(range.startContainer, range.startOffset, 0);
  return { piece, from, to: Math.min(length, offset(range.endContainer, range.endOffset, length)) };
}

async function asked(what, data, page, signal) {
  const answer = await fetch(`sheets/${what}?${data.asked}&page=${page}`, { signal });
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    throw new Error(told.error || answer.statusText);
  }
  return answer;
}

function place(one, [x0, y0, x1, y1]) {
  one.style.left = `${x0 * 100}%`;
  one.style.top = `${y0 * 100}%`;
  one.style.width = `${(x1 - x0) * 100}%`;
  one.style.height = `${(y1 - y0) * 100}%`;
}

function element(tag, name = "", kind = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (kind) made.dataset.kind = kind;
  return made;
}
