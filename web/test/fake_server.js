/**
 * A server in memory that speaks the wire to clients in the same process, for the faults that a real one has too
 * rarely. It answers in the order asked, each frame in a turn of its own.
 */

const COLOR = '#7c3aed';

/** The largest frame taken, in bytes: a larger one ends the connection. */
const FRAME = 2_000;

export class FakeServer {
  /** Rooms' logs: events whose seq is their index plus 1. @type {Map<string, any[]>} */
  logs = new Map();
  /** @type {Set<FakeSocket>} */ sockets = new Set();
  /** Users by token. @type {Map<string, any>} */ users = new Map();
  /** Tokens by secret. @type {Map<string, string>} */ secrets = new Map();
  /** Users ever made. */ made = 0;
  /** Every request, as it came. @type {any[]} */ requests = [];
  /** Takes no connection. */ down = false;
  /** Reaches the people on other servers late. */ degraded = false;
  /** Hears nothing and says nothing, and keeps the connections. */ mute = false;
  /** Most events in one answer. */ page = 100;
  /** Called with each request; what it gives is the answer instead, `null` for none. @type {(request: any) => any} */
  instead = () => undefined;

  openSocket = (url, protocol) => new FakeSocket(this, url, protocol);

  log(room) {
    if (!this.logs.has(room)) this.logs.set(room, []);
    return this.logs.get(room);
  }

  /** Stores a message and tells its room, except where `lost`. */
  say(room, text, { user = { id: 'u_other', name: 'bob', color: COLOR }, cid = crypto.randomUUID(), kind = 'message', lost = false } = {}) {
    const log = this.log(room);
    const known = log.find((event) => event.cid === cid && event.user.id === user.id);
    if (known) return known;
    const at = new Date(Date.UTC(2026, 10, 22, 13, 0, log.length)).toISOString();
    const event = { type: 'event', room, seq: log.length + 1, kind, at, user, cid, text };
    log.push(event);
    if (!lost) this.tell(room, event);
    return event;
  }

  tell(room, message) {
    for (const socket of this.sockets) {
      if (!socket.rooms.has(room) || message.seq <= socket.rooms.get(room)) continue;
      socket.deliver([message]);
    }
  }

  /** Ends all connections as a dead process does, or with a code. */
  cut(code = 1006, bye) {
    for (const socket of [...this.sockets]) {
      if (bye) socket.deliver([{ type: 'bye', code, ...bye }]);
      socket.end(code);
    }
  }

  handle(socket, request) {
    this.requests.push(request);
    const instead = this.instead(request);
    if (instead === null) return;
    const answers = instead ? [instead].flat() : this.answer(socket, request);
    socket.deliver(answers.map((answer) => ('id' in answer ? answer : { ...answer, id: request.id })));
  }

  /** @returns {any[]} */
  answer(socket, request) {
    const { type, room } = request;
    switch (type) {
      case 'hello':
        return [this.hello(socket, request)];
      case 'join':
        socket.rooms.set(room, request.since ?? 0);
        return [{ type: 'joined', room, count: 1, members: [socket.user], ...this.from(room, request) }];
      case 'leave':
        socket.rooms.delete(room);
        return [{ type: 'left', room }];
      case 'send': {
        const { seq, at } = this.say(room, request.text, { user: socket.user, cid: request.cid });
        return [{ type: 'ack', room, cid: request.cid, seq, at }];
      }
      case 'history':
        return [{ type: 'history', room, ...this.history(room, request) }];
      case 'rooms':
        return [{ type: 'rooms', rooms: [...this.logs].map(([name, log]) => ({ room: name, head: log.length, count: 1 })) }];
      case 'ping':
        return [{ type: 'pong' }];
      default:
        return [];
    }
  }

  hello(socket, { name, token, secret }) {
    if (token && !this.users.has(token)) return { type: 'error', code: 'invalid_token', message: 'unknown' };
    const fresh = token ? undefined : (this.secrets.get(secret) ?? `token ${this.made}`);
    const user = this.users.get(token ?? fresh) ?? { id: `u_${this.made++}`, name, color: COLOR };
    user.name = name ?? user.name;
    if (fresh) {
      this.users.set(fresh, user);
      this.secrets.set(secret, fresh);
    }
    socket.user = user;
    const limits = { text: 1000, rate: 20, rooms: 10, frame: FRAME };
    return { type: 'welcome', session: 's', token: fresh, user, back: !fresh, limits, ping: 25, degraded: this.degraded };
  }

  from(room, { since, last = 50 }) {
    const log = this.log(room);
    const wanted = since === undefined ? log.slice(-last) : log.slice(since);
    const events = wanted.slice(-this.page);
    return { head: log.length, events, more: since !== undefined && events.length < wanted.length };
  }

  history(room, { before, after, limit = 50 }) {
    const log = this.log(room);
    const most = Math.min(limit, this.page);
    const events = before !== undefined ? log.slice(Math.max(0, before - 1 - most), before - 1) : log.slice(after, after + most);
    return { head: log.length, events, more: true };
  }
}

class FakeSocket {
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;
  /** Rooms, and the seq up to which nothing is pushed. @type {Map<string, number>} */ rooms = new Map();
  user = null;
  #server;
  #open = false;
  #ended = false;

  constructor(server, url, protocol) {
    this.#server = server;
    this.url = url;
    this.protocol = protocol;
    queueMicrotask(() => {
      if (this.#ended) return;
      if (server.down) return this.end(1006);
      this.#open = true;
      server.sockets.add(this);
      this.onopen?.({});
    });
  }

  send(frame) {
    if (!this.#open || this.#server.mute) return;
    if (new TextEncoder().encode(frame).length > FRAME) return this.end(1009);
    for (const line of frame.split('\n')) this.#server.handle(this, JSON.parse(line));
  }

  deliver(messages) {
    if (messages.length === 0 || this.#server.mute) return;
    const frame = messages.map((message) => JSON.stringify(message)).join('\n');
    queueMicrotask(() => this.#open && this.onmessage?.({ data: frame }));
  }

  end(code) {
    if (this.#ended) return;
    this.#ended = true;
    this.#server.sockets.delete(this);
    queueMicrotask(() => {
      this.#open = false;
      this.onclose?.({ code, reason: '' });
    });
  }

  close() {
    this.end(1000);
  }
}
