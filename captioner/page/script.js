// What Gradio leaves out for the keyboard and for screen readers: the choices of a radio group are
// one group, so that the arrow keys go from one to the next, and the group has a name. And Gradio's
// place in the queue, "queue: 2/3", in plain words, which style.css shows.
// And of a clip's captions: one that is pressed shows its moment, the one of the moment that plays is
// marked.
(() => {
  const player = () => document.querySelector("#clip-video video");
  const moments = () => Array.from(document.querySelectorAll("#clip-timeline li"));
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

  const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
  const endings = { one: "st", two: "nd", few: "rd", other: "th" };
  const tellPlace = (tracker) => {
    const place = Number(/queue: (\d+)\//.exec(tracker.textContent)?.[1]);
    if (place) {
      const named = place === 1 ? "next" : place + endings[ordinals.select(place)];
      tracker.dataset.waiting = `Waiting, ${named} in line`;
    } else delete tracker.dataset.waiting;
  };
  const places = new MutationObserver((changes) => {
    const trackers = changes.map(({ target }) =>
      (target.closest ? target : target.parentElement)?.closest("[data-testid=status-tracker]"));
    new Set(trackers).forEach((tracker) => tracker && tellPlace(tracker));
  });
  const watchedTrackers = new WeakSet();
  const join = () => {
    for (const button of document.querySelectorAll('[aria-label="common.upload"]')) {
      button.ariaLabel = button.title = "Upload more"; // Gradio shows the key of a missing text
    }
    for (const tracker of document.querySelectorAll(".state > [data-testid=status-tracker]")) {
      if (watchedTrackers.has(tracker)) continue;
      watchedTrackers.add(tracker);
      places.observe(tracker, { childList: true, characterData: true, subtree: true });
      tellPlace(tracker);
    }
    for (const { firstElementChild: button } of moments()) button.disabled = !player();
    for (const group of document.querySelectorAll("fieldset[id]")) {
      const title = group.querySelector("[data-testid=block-info]");
      if (title && !group.hasAttribute("aria-label")) {
        group.setAttribute("aria-label", title.textContent);
      }
      for (const choice of group.querySelectorAll("input[type=radio]")) {
        if (choice.name !== group.id) choice.name = group.id;
      }
    }
  };
  const watched = { childList: true, subtree: true, attributeFilter: ["name"] };
  new MutationObserver(join).observe(document.body, watched);
  join();
})();
