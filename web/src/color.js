/**
 * Colours that can be read on the page's background. Pure.
 *
 * Contrast and luminance: WCAG 2.2, "contrast ratio" and "relative luminance".
 */

/** The least contrast of text (WCAG 2.2, 1.4.3). */
export const READABLE = 4.5;

/**
 * Gives a colour of the same hue that reads on a background: the colour itself where it does, else lighter or darker.
 * @param {string} color  `#rrggbb`; anything else counts as grey
 * @param {string} background  `#rrggbb`
 * @returns {string} `#rrggbb`
 */
export function readable(color, background) {
  const wanted = parse(color) ?? [128, 128, 128];
  const behind = parse(background) ?? [255, 255, 255];
  const target = luminance(behind) < 0.18 ? 255 : 0; // towards white on dark, towards black on light
  for (let step = 0; step <= 20; step++) {
    const mixed = wanted.map((channel) => Math.round(channel + ((target - channel) * step) / 20));
    if (contrast(mixed, behind) >= READABLE) return format(mixed);
  }
  return format([target, target, target]);
}

/** @param {number[]} a @param {number[]} b @returns {number} from 1 to 21 */
export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** @param {string} color @returns {number[]|null} */
export function parse(color) {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  return match && match.slice(1).map((pair) => parseInt(pair, 16));
}

/** @param {number[]} channels */
function format(channels) {
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** @param {number[]} channels */
function luminance(channels) {
  const [r, g, b] = channels.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
