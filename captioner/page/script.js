// What Gradio leaves out for the keyboard and for screen readers: the choices of a radio group are
// one group, so that the arrow keys go from one to the next, and the group has a name.
(() => {
  const join = () => {
    for (const button of document.querySelectorAll('[aria-label="common.upload"]')) {
      button.ariaLabel = button.title = "Upload more"; // Gradio shows the key of a missing text
    }
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
