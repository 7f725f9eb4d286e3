/** Starts the page. */

import { roomName, serverURL } from './protocol.js';
import { openStore } from './storage.js';
import { App } from './view/app.js';
import { savedFrom } from './view/saved.js';

/** The server that a page from a file proposes: the address of a server with default settings. */
const DEFAULT = 'ws://127.0.0.1:8888/ws';

const store = openStore(() => localStorage);
const drafts = openStore(() => sessionStorage);
const fromFile = location.protocol === 'file:';
const room = roomName(new URLSearchParams(location.search).get('room') ?? '');

const app = new App(/** @type {HTMLElement} */ (document.getElementById('app')), {
  store,
  drafts,
  fromFile,
  room,
  server: fromFile ? (savedFrom() || (store.get('salon.server') ?? DEFAULT)) : serverURL(new URL('ws', location.href).href),
});

app.client.look(!document.hidden); // a page may be opened in the background

// After sleep or a change of network a socket may look open although the connection is dead.
addEventListener('online', () => app.client.check());
addEventListener('focus', () => app.renewClock());
addEventListener('pageshow', (event) => event.persisted && app.client.check());
document.addEventListener('visibilitychange', () => {
  app.client.look(!document.hidden);
  if (document.hidden) return;
  app.client.check();
  app.renewClock();
});
