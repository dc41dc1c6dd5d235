// What Gradio leaves out. For the keyboard and for screen readers: the choices of a radio group are one
// group, so that the arrow keys go from one to the next, and the group has a name. Places in a line in
// plain words, Gradio's own "queue: 2/3", too, which style.css shows. Of a clip's captions one that is
// pressed shows its moment, and the one of the moment that plays is marked. Folders are taken, by a
// button and dropped, and what Ctrl+V pastes. Messages of errors go once something has succeeded.
(() => {
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  // Places in a line.
  const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
  const endings = { one: "st", two: "nd", few: "rd", other: "th" };
  const waiting = (place) =>
    `Waiting, ${place === 1 ? "next" : place + endings[ordinals.select(place)]} in line`;
  const tellPlace = (tracker) => {
    const place = Number(/queue: (\d+)\//.exec(tracker.textContent)?.[1]);
    if (place) tracker.dataset.waiting = waiting(place);
    else delete tracker.dataset.waiting;
  };
  const places = new MutationObserver((changes) => {
    const trackers = changes.map(({ target }) =>
      (target.closest ? target : target.parentElement)?.closest("[data-testid=status-tracker]"));
    new Set(trackers).forEach((tracker) => tracker && tellPlace(tracker));
  });
  const watchedTrackers = new WeakSet();
  const tellPlaces = () => {
    for (const tracker of all(".state > [data-testid=status-tracker]")) {
      if (watchedTrackers.has(tracker)) continue;
      watchedTrackers.add(tracker);
      places.observe(tracker, { childList: true, characterData: true, subtree: true });
      tellPlace(tracker);
    }
    for (const told of all("[data-place]")) {
      told.textContent = waiting(Number(told.dataset.place));
      told.removeAttribute("data-place");
    }
  };

  // Moments of a clip.
  const player = () => document.querySelector("#clip-video video");
  const moments = () => all("#clip-timeline li");
  const markMoment = () => {
    const time = (player()?.currentTime ?? -1) + 0.01; // browsers round where they are sent
    const current = moments().findLast(({ dataset }) => Number(dataset.start) <= time);
    for (const moment of moments()) {
      if (moment === current) moment.setAttribute("aria-current", "time");
      else moment.removeAttribute("aria-current");
    }
  };
  // These events do not bubble, but they can be captured on their way down.
  for (const name of ["timeupdate", "seeked"]) document.addEventListener(name, markMoment, true);
  document.addEventListener("click", ({ target }) => {
    const moment = target.closest("#clip-timeline li");
    if (moment && player()) player().currentTime = Number(moment.dataset.start);
  });

  // Files go into a box of Gradio's as if they had been chosen there; one for a single file is
  // emptied first.
  const give = async (box, files) => {
    if (!files.length) return;
    box.querySelector("[aria-label='Remove Image']")?.click();
    if (box.id === "clip-input") box.querySelector("[aria-label='Clear']")?.click();
    let input;
    for (let patience = 300; patience && !input; patience--) {
      await new Promise(requestAnimationFrame);
      input = box.querySelector("input[type=file]");
    }
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change"));
  };
  document.addEventListener("paste", (event) => {
    const files = Array.from(event.clipboardData?.files ?? []);
    const box = all("#photo-input, #clip-input, #folder-input").find((it) => it.checkVisibility());
    if (!files.length || !box) return;
    event.preventDefault();
    give(box, box.id === "folder-input" ? files : files.slice(0, 1));
  });

  // Folders: of their files those that can be captioned, in order; all, where that is none.
  const takeFolder = (files) => {
    const suffixes = document.querySelector("[data-suffixes]").dataset.suffixes.split(" ");
    const seen = files
      .filter(({ name }) => !name.split("/").some((part) => part.startsWith(".")))
      .sort((one, other) => one.name.localeCompare(other.name));
    const known = seen.filter(({ name }) =>
      suffixes.some((suffix) => name.toLowerCase().endsWith(suffix)));
    give(document.querySelector("#folder-input"), known.length ? known : seen);
  };
  const named = (file, path) => new File([file], path, { type: file.type });
  const picker = Object.assign(document.createElement("input"), { type: "file" });
  picker.webkitdirectory = true;
  picker.addEventListener("change", () => {
    takeFolder(Array.from(picker.files, (file) => named(file, file.webkitRelativePath)));
    picker.value = "";
  });
  document.addEventListener("click", ({ target }) => {
    if (target.closest("#folder-choose")) picker.click();
  });
  const filesOf = async (entry) => {
    if (entry.isFile) {
      const file = await new Promise((done, fail) => entry.file(done, fail));
      return [named(file, entry.fullPath.slice(1))];
    }
    const reader = entry.createReader();
    const found = [];
    for (let some; (some = await new Promise((done, fail) => reader.readEntries(done, fail))).length;) {
      found.push(...some); // a hundred at a time
    }
    return (await Promise.all(found.map(filesOf))).flat();
  };
  document.addEventListener("drop", async (event) => {
    if (!event.target.closest("#folder-input")) return;
    const entries = Array.from(event.dataTransfer.items, (item) => item.webkitGetAsEntry());
    if (!entries.some((entry) => entry?.isDirectory)) return; // Gradio takes files
    event.preventDefault();
    event.stopPropagation();
    takeFolder((await Promise.all(entries.filter(Boolean).map(filesOf))).flat());
  }, true);

  // What has been shown of results, to see when there is a new one.
  const shown = new WeakMap();
  const forgetErrors = () => {
    let success = false;
    for (const result of all(".sentence .said, #folder-table tbody tr:not(.failed)")) {
      const text = result.textContent;
      success ||= text && shown.get(result) !== text;
      shown.set(result, text);
    }
    if (success) for (const close of all("[data-testid=toast-close]")) close.click();
  };

  const nameGroups = () => {
    for (const group of all("fieldset[id]")) {
      const title = group.querySelector("[data-testid=block-info]");
      if (title && !group.hasAttribute("aria-label")) {
        group.setAttribute("aria-label", title.textContent);
      }
      for (const choice of all("input[type=radio]", group)) {
        if (choice.name !== group.id) choice.name = group.id;
      }
    }
  };
  const join = () => {
    for (const button of all('[aria-label="common.upload"]')) {
      button.ariaLabel = button.title = "Upload more"; // Gradio shows the key of a missing text
    }
    for (const { firstElementChild: button } of moments()) button.disabled = !player();
    tellPlaces();
    nameGroups();
    forgetErrors();
  };
  const watched = { childList: true, subtree: true, characterData: true, attributeFilter: ["name"] };
  new MutationObserver(join).observe(document.body, watched);
  join();
  document.documentElement.dataset.scripted = ""; // from here on, buttons do what they say
})();
