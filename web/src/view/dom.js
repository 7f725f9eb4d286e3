/**
 * Makes nodes. Text always becomes text nodes: no code of this client parses markup.
 */

/**
 * Makes an element. A property that starts with `on` is a listener; `true` sets an empty attribute, `false`,
 * `undefined` and `null` set none; all others are attributes.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string|number|boolean|null|undefined|((event: any) => void)>} [props]
 * @param {...(Node|string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** Whether the page is used by touch, so that a focused field opens a keyboard on the screen. */
export const byTouch = () => matchMedia('(pointer: coarse)').matches;

/** Outlines on a grid of 24. */
const SHAPES = {
  send: 'M4 12 20 4l-5 16-3.5-6.5zm7.5 1.5L20 4',
  menu: 'M4 7h16M4 12h16M4 17h16',
  people: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7m-6 9c0-3.5 2.7-6 6-6s6 2.5 6 6M16 4.5a3.5 3.5 0 0 1 0 6.3M18 14.5c1.9.9 3 2.9 3 5.5',
  leave: 'M10 4H5v16h5M14 8l4 4-4 4M9 12h9',
  gear: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4',
  down: 'M12 5v14M6 13l6 6 6-6',
  close: 'M6 6l12 12M18 6 6 18',
  plus: 'M12 5v14M5 12h14',
};

/** @param {keyof typeof SHAPES} name  hidden from screen readers: the control around it has a label */
export function icon(name) {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  const path = document.createElementNS(ns, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A user's name. It cannot change the direction of the text around it. @param {string} name */
export function nameOf(name) {
  return el('bdi', { class: 'name' }, name);
}

/** Sets text only when it differs, so that a screen reader does not read the same again. @param {Node} node @param {string} text */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** What was logged. A panel that fails does so with each drawing. @type {Set<string>} */
const logged = new Set();

/**
 * Does one part of a drawing. When it fails, that is logged, and the other parts are drawn all the same.
 * @template T
 * @param {string} name  of the part
 * @param {() => T} draw
 * @param {T} otherwise  the result when it fails
 * @returns {T}
 */
export function alone(name, draw, otherwise) {
  try {
    return draw();
  } catch (error) {
    const what = `${name}: ${error}`;
    if (!logged.has(what)) console.error('Salon cannot draw a part of the page:', name, error);
    logged.add(what);
    return otherwise;
  }
}
