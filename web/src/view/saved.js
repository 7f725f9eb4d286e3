/** The page as one file on a disk, which names the server that it came from. */

import { serverURL } from '../protocol.js';
import { el } from './dom.js';

const NAME = 'salon.html';
const HEAD = '<meta charset="utf-8">';

/** How long a browser may take to write the file, in milliseconds. */
const WRITING = 60_000;

/** The address of the server that this file came from; empty when the file does not say. */
export function savedFrom() {
  return serverURL(document.querySelector('meta[name="salon-server"]')?.getAttribute('content') ?? '');
}

/** @param {string} label @param {string} server  its address */
export function saveLink(label, server) {
  const onclick = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const href = await fileFor(server).catch(() => NAME); // at worst the page as it is, which asks for the server
    el('a', { href, download: NAME }).click();
    setTimeout(() => URL.revokeObjectURL(href), WRITING);
  };
  return el('a', { href: NAME, download: NAME, onclick }, label);
}

/** @param {string} server @returns {Promise<string>} the address of the file in this browser */
async function fileFor(server) {
  const answer = await fetch(NAME);
  if (!answer.ok) return NAME;
  const address = server.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const page = (await answer.text()).replace(HEAD, () => `${HEAD}\n  <meta name="salon-server" content="${address}">`);
  return URL.createObjectURL(new Blob([page], { type: 'text/html' }));
}
