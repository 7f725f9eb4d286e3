/** The commands in lines that start with a slash: those of the terminal client. */

import { isRoomName, roomName } from '../protocol.js';

/** @import { RequestError } from '../protocol.js' */
/** @import { App } from './app.js' */

/** @typedef {(why: string) => void} Refuse  called when the command cannot be done */

/** Rooms shown by `/rooms`. */
const SHOWN = 50;

/** Each returns lines to show to this user only, or shows them later by `app.tell`. */
/** @type {Record<string, (app: App, rest: string, refuse: Refuse) => string[]|void>} */
const commands = {
  '/who': ({ client, words }) => {
    const room = client.rooms.get(client.current);
    const names = room?.members?.map((user) => user.name).sort((a, b) => a.localeCompare(b));
    return [words.who(`#${client.current}`, room?.count ?? 0, names?.join(', ') ?? '')];
  },
  '/join': (app, rest, refuse) => {
    const name = roomName(rest);
    if (name === '') return refuse(app.words.commands['/join'][0]);
    if (!isRoomName(name)) return refuse(app.words.badRoom);
    app.showRoom(name);
  },
  '/rooms': (app, _, refuse) => {
    app.client.listRooms((error) => {
      if (error) return refuse(reason(app, error));
      const { client: { elsewhere: all }, words } = app;
      app.tell([
        words.roomsThere(all.length), ...all.slice(0, SHOWN).map((info) => `#${info.room} — ${words.inRoom(info.count, info.head)}`),
        ...(all.length > SHOWN ? [words.andMore] : []),
      ]);
    });
  },
  '/nick': (app, rest, refuse) => {
    const name = rest.replace(/\s+/gu, ' ');
    if (name === '') return refuse(app.words.commands['/nick'][0]);
    app.client.rename(name, (error) => {
      if (error) refuse(reason(app, error));
      else app.tell([app.words.nowCalled(app.client.user?.name ?? name)]);
    });
  },
  '/leave': (app) => app.leaveRoom(),
  '/help': ({ words }) => Object.values(words.commands).map(([usage, help]) => `${usage} — ${help}`),
  '/quit': (app) => app.quit(),
};

/**
 * Runs a command.
 * @param {App} app
 * @param {string} line  starts with a slash
 * @param {Refuse} refuse
 */
export function command(app, line, refuse) {
  const [, name, rest] = /^(\S+)\s*(.*)$/su.exec(line) ?? ['', line, ''];
  const known = name.toLowerCase();
  if (!Object.hasOwn(commands, known)) return refuse(app.words.unknownCommand(name));
  const lines = commands[known](app, rest.trim(), refuse);
  if (lines) app.tell(lines);
}

/** Returns why something failed, in words. @param {App} app @param {RequestError} error */
export function reason({ words }, error) {
  return words.codes[error.code] ?? (error.message || words.lost);
}
