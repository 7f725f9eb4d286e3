/** A person's colour and first letter. */

import { readable } from '../color.js';
import { el } from './dom.js';

/** @import { User } from '../protocol.js' */

/** The backgrounds that names stand on, as style.css has them. */
export const BACKGROUND = { light: '#f2ede6', dark: '#231d21' };

/**
 * Gives an element its person's colour, one for each scheme; style.css takes the one it needs.
 * @template {HTMLElement} E
 * @param {E} element
 * @param {string} color
 * @returns {E}
 */
export function tint(element, color) {
  element.style.setProperty('--who-light', readable(color, BACKGROUND.light));
  element.style.setProperty('--who-dark', readable(color, BACKGROUND.dark));
  return element;
}

/** @param {Pick<User, 'name'|'color'>} user */
export function avatar(user) {
  const letters = new Intl.Segmenter().segment(user.name)[Symbol.iterator]().next().value?.segment ?? '';
  return tint(el('span', { class: 'avatar', 'aria-hidden': 'true' }, letters.toUpperCase()), user.color);
}
