// Looked at from inside the page: what shows, what is cut off, which texts are faint.
(() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  // Any colour of CSS as red, green, blue (0 to 255) and alpha (0 to 1).
  const parse = (color) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };

  const over = (top, ground) => top.slice(0, 3).map((c, i) => c * top[3] + ground[i] * (1 - top[3]));

  // Relative luminance and contrast, as in WCAG 2.2.
  const luminance = (color) => {
    const [red, green, blue] = color.map((c) => {
      const part = c / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  const chain = (element) => {
    const found = [];
    for (let at = element; at; at = at.parentElement) found.push(at);
    return found;
  };

  // The colour behind an element's text; where there is a picture, nobody knows.
  const ground = (element) => {
    let color = [255, 255, 255];
    for (const at of chain(element).reverse()) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      color = over(parse(style.backgroundColor), color);
    }
    return color;
  };

  const shows = (element) => {
    const box = element.getBoundingClientRect();
    return (
      box.width > 1 && box.height > 1 && // smaller ones are for screen readers
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    );
  };

  const ownText = (element) =>
    Array.from(element.childNodes)
      .filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.textContent.trim())
      .join(" ")
      .trim();

  const everything = () => Array.from(document.body.querySelectorAll("*")).filter(shows);

  const name = (element) =>
    `${element.tagName.toLowerCase()}${element.id && "#" + element.id}` +
    ` ${JSON.stringify((element.innerText ?? "").slice(0, 60))}`;

  // A box that scrolls by itself shows all of what is in it.
  const scrolls = (element) =>
    chain(element).some((at) => ["auto", "scroll"].includes(getComputedStyle(at).overflowX) &&
      at.scrollWidth > at.clientWidth);

  const cutOff = () => {
    const width = document.documentElement.clientWidth;
    const outside = everything().filter((element) => {
      if (!ownText(element) && !element.matches("button, canvas, img, input, video")) return false;
      const box = element.getBoundingClientRect();
      return (box.left < -1 || box.right > width + 1) && !scrolls(element.parentElement);
    });
    const clipped = everything().filter((element) => {
      const style = getComputedStyle(element);
      return (
        ownText(element) && ["hidden", "clip"].includes(style.overflowX) &&
        element.scrollWidth > element.clientWidth + 1
      );
    });
    return [
      ...outside.map((element) => `outside: ${name(element)}`),
      ...clipped.map((element) => `clipped: ${name(element)}`),
    ];
  };

  const faintTexts = async () => {
    await still();
    return everything()
      .filter((element) => ownText(element) && !element.closest(":disabled"))
      .flatMap((element) => {
        const style = getComputedStyle(element);
        const behind = ground(element);
        if (!behind) return [];
        const opacity = chain(element).reduce((all, at) => all * getComputedStyle(at).opacity, 1);
        const color = parse(style.color);
        color[3] *= opacity;
        const ratio = contrast(over(color, behind), behind);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        const sign = !/[\p{L}\p{N}]/u.test(ownText(element)); // such as the cross that closes
        return ratio < (large || sign ? 3 : 4.5) ? [`${ratio.toFixed(2)}: ${name(element)}`] : [];
      });
  };

  // What fades in is faint only for a moment. Not waited for is what goes round for ever, and what
  // counts the seconds until a message goes: after that the message is faint, or gone.
  const still = async () => {
    const soonOver = (animation) =>
      animation.playState === "running" && animation.effect?.getComputedTiming().endTime < 2000;
    for (;;) {
      await new Promise(requestAnimationFrame); // one animation may begin where another ends
      const running = document.getAnimations().filter(soonOver);
      if (!running.length) return;
      await Promise.allSettled(running.map((animation) => animation.finished));
    }
  };

  // Looks at the places of elements on the page 50 times a second, and notes which have moved since
  // they first showed.
  const watchPlaces = (selectors) => {
    const place = (selector) => {
      const box = document.querySelector(selector).getBoundingClientRect();
      return box.height && [box.left + scrollX, box.top + scrollY].map(Math.round);
    };
    const first = {};
    window.moved = {};
    const look = () => {
      for (const selector of selectors) {
        const now = place(selector);
        if (!now) continue;
        first[selector] ??= now;
        if (now.some((part, i) => Math.abs(part - first[selector][i]) > 1)) {
          window.moved[selector] = `from ${first[selector]} to ${now}`;
        }
      }
    };
    look();
    clearInterval(window.watching);
    window.watching = setInterval(look, 20);
  };

  return { cutOff, faintTexts, watchPlaces, luminance: () => luminance(ground(document.querySelector("main"))) };
})()
