import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';

import { Client } from '../src/client.js';
import { memoryStore } from '../src/storage.js';
import { FakeServer } from './fake_server.js';

const URL = 'ws://here/ws';

let server;
let store;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.UTC(2026, 10, 22, 13) });
  server = new FakeServer();
  store = memoryStore();
});
afterEach(() => mock.timers.reset());

/** Lets everything that is under way come to rest. */
async function settle() {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

/** Lets time pass, in steps, since timers start further timers. */
async function pass(ms) {
  await settle();
  for (let left = ms; left > 0; left -= 50) {
    mock.timers.tick(Math.min(50, left));
    await settle();
  }
}

function newClient(problems = []) {
  return new Client({
    store, openSocket: server.openSocket, random: () => 0.5, onChange() {}, onProblem: (error) => problems.push(error.code),
  });
}

async function enter(name = 'ada', room = 'lobby') {
  const client = newClient();
  client.recall(URL);
  client.enter({ name, room, language: 'en' });
  await settle();
  return client;
}

const seqs = (client, room = 'lobby') => client.rooms.get(room).segments.map((run) => [run[0].seq, run.at(-1).seq]);
const texts = (client, room = 'lobby') => client.rooms.get(room).segments.flat().map((event) => event.text);
const pending = (client, room = 'lobby') => client.outbox.of(room).map((entry) => `${entry.state} ${entry.text}`);
const asked = (type) => server.requests.filter((request) => request.type === type);

test('enters, sees the last events and sends', async () => {
  for (let i = 1; i <= 60; i++) server.say('lobby', `old ${i}`);
  const client = await enter();
  assert.deepEqual(seqs(client), [[11, 60]]);
  client.send('lobby', 'hi');
  assert.deepEqual(pending(client), ['waiting hi']);
  await settle();
  assert.deepEqual(seqs(client), [[11, 61]]);
  assert.deepEqual(pending(client), []);
  const { secret, ...hello } = asked('hello')[0];
  assert.deepEqual(hello, { type: 'hello', id: '1', name: 'ada', lang: 'en', client: 'web/1.0' });
  assert.match(secret, /^[0-9a-v]{32}$/);
});

test('a lost connection: what was typed is delivered once, in order, and the absence is filled', async () => {
  const client = await enter();
  client.send('lobby', 'before');
  await settle();
  server.down = true;
  server.cut();
  await settle();
  assert.equal(client.link.phase, 'waiting');
  assert.equal(client.rooms.get('lobby').joined, false);
  client.send('lobby', 'one');
  client.send('lobby', 'two');
  client.send('lobby', 'three');
  server.say('lobby', 'meanwhile');
  await pass(4_000);
  assert.deepEqual(pending(client), ['waiting one', 'waiting two', 'waiting three']);
  server.down = false;
  await pass(5_000);
  assert.equal(client.link.phase, 'open');
  assert.deepEqual(texts(client), ['before', 'meanwhile', 'one', 'two', 'three']);
  assert.deepEqual(seqs(client), [[1, 5]]);
  assert.deepEqual(pending(client), []);
  assert.equal(asked('hello').at(-1).token, 'token 0');
  assert.equal(asked('join').at(-1).since, 1);
});

test('a welcome that got lost: the hello is said again as the same new user, also after a reload', async () => {
  server.instead = (request) => {
    if (request.type !== 'hello') return undefined;
    server.hello({}, request);
    server.cut();
    return null;
  };
  const client = await enter();
  assert.equal(client.user, null);
  const secret = asked('hello')[0].secret;
  client.quit();
  server.instead = () => undefined;
  const again = await enter();
  assert.equal(asked('hello').at(-1).secret, secret);
  assert.equal(again.user.id, 'u_0');
  assert.equal(server.users.size, 1);
  server.cut();
  await pass(2_000);
  assert.equal(asked('hello').at(-1).token, 'token 0');
  assert.equal(asked('hello').at(-1).secret, undefined);
});

test('an ack that got lost: sent again under the same cid, stored once, shown once', async () => {
  const client = await enter();
  server.instead = (request) => {
    if (request.type !== 'send') return undefined;
    server.say('lobby', request.text, { user: client.user, cid: request.cid, lost: true });
    server.cut();
    server.instead = () => undefined;
    return null;
  };
  client.send('lobby', 'once');
  await pass(3_000);
  assert.deepEqual(texts(client), ['once']);
  assert.deepEqual(pending(client), []);
  assert.equal(asked('send').length, 1, 'its event says that it is stored: no need to ask again');
});

test('a send without any answer is sent again under the same cid', async () => {
  const client = await enter();
  let swallowed = 0;
  server.instead = (request) => (request.type === 'send' && swallowed++ === 0 ? null : undefined);
  client.send('lobby', 'once');
  client.send('lobby', 'after');
  await pass(40_000);
  assert.deepEqual(texts(client), ['once', 'after']);
  assert.equal(asked('send')[0].cid, asked('send')[1].cid);
});

test('a temporary refusal waits as long as asked, and nothing passes it', async () => {
  const client = await enter();
  const refused = { type: 'error', code: 'rate_limited', message: 'slow down', temporary: true, retry_after_ms: 800 };
  server.instead = (request) => (request.type === 'send' ? refused : undefined);
  client.send('lobby', 'first');
  client.send('lobby', 'second');
  await pass(700);
  assert.equal(asked('send').length, 1);
  server.instead = () => undefined;
  await pass(200);
  assert.deepEqual(texts(client), ['first', 'second']);
});

test('a server that does not count us in is asked to, and the text is sent then', async () => {
  const client = await enter();
  let outside = true;
  server.instead = (request) => {
    if (request.type === 'join') outside = false;
    return request.type === 'send' && outside ? { type: 'error', code: 'not_member', message: 'join first' } : undefined;
  };
  client.send('lobby', 'hi');
  await settle();
  assert.deepEqual(texts(client), ['hi']);
  assert.deepEqual(pending(client), []);
});

test('a permanent refusal is shown with its reason, and the next goes on', async () => {
  const client = await enter();
  const refused = { type: 'error', code: 'too_large', message: 'too large' };
  server.instead = (request) => (request.text === 'big' ? refused : undefined);
  client.send('lobby', 'big');
  client.send('lobby', 'small');
  await settle();
  assert.deepEqual(pending(client), ['failed big']);
  assert.equal(client.outbox.of('lobby')[0].reason, 'too large');
  assert.deepEqual(texts(client), ['small']);
  const [{ cid }] = client.outbox.of('lobby');
  server.instead = () => undefined;
  client.resend(cid);
  await settle();
  assert.deepEqual(texts(client), ['small', 'big']);
});

test('a reload keeps the user, the rooms and the outbox', async () => {
  const client = await enter();
  client.joinRoom('dev');
  await settle();
  server.down = true;
  server.cut();
  await settle();
  client.send('lobby', 'kept');
  client.send('dev', 'kept too');
  client.quit(); // the page goes; its store stays

  const next = newClient();
  const profile = next.recall(URL);
  next.enter({ name: profile.name, language: 'en' });
  await settle();
  assert.deepEqual(pending(next), ['waiting kept']);
  server.down = false;
  await pass(2_000);
  assert.deepEqual(texts(next), ['kept']);
  assert.deepEqual(texts(next, 'dev'), ['kept too']);
  assert.equal(next.user.id, client.profile.user.id);
  assert.deepEqual(store.keys().filter((key) => key.includes('outbox')), []);
});

test('a long absence leaves a gap in sight, which can be read', async () => {
  const client = await enter();
  server.say('lobby', 'known');
  await settle();
  server.cut();
  for (let i = 0; i < 250; i++) server.say('lobby', `missed ${i}`);
  await pass(2_000);
  assert.deepEqual(seqs(client), [[1, 1], [152, 251]]);
  client.loadGap('lobby', 1);
  await settle();
  assert.deepEqual(seqs(client), [[1, 101], [152, 251]]);
  client.loadGap('lobby', 101);
  await settle();
  assert.deepEqual(seqs(client), [[1, 251]]);
});

test('a hole in what comes live is read at once', async () => {
  const client = await enter();
  server.say('lobby', 'one');
  server.say('lobby', 'two', { lost: true });
  server.say('lobby', 'three', { lost: true });
  server.say('lobby', 'four');
  await settle();
  assert.deepEqual(texts(client), ['one', 'two', 'three', 'four']);
});

test('pages that hold less than was asked for are read on', async () => {
  const client = await enter();
  server.page = 1;
  server.say('lobby', 'one');
  server.say('lobby', 'two', { lost: true });
  server.say('lobby', 'three', { lost: true });
  server.say('lobby', 'four');
  await settle();
  assert.deepEqual(texts(client), ['one', 'two', 'three', 'four']);
});

test('an event that comes twice is shown once', async () => {
  const client = await enter();
  const event = server.say('lobby', 'one');
  server.tell('lobby', event);
  await settle();
  assert.deepEqual(texts(client), ['one']);
});

test('lag: joins again from what it has', async () => {
  const client = await enter();
  server.say('lobby', 'one');
  server.say('lobby', 'two', { lost: true });
  server.tell('lobby', { type: 'lag', room: 'lobby', seq: 1 });
  await settle();
  assert.deepEqual(texts(client), ['one', 'two']);
  assert.equal(asked('join').at(-1).since, 1);
});

test('older pages come above, without double', async () => {
  for (let i = 1; i <= 170; i++) server.say('lobby', `old ${i}`);
  const client = await enter();
  client.loadOlder('lobby');
  client.loadOlder('lobby');
  await settle();
  assert.deepEqual(seqs(client), [[21, 170]]);
  assert.equal(asked('history').length, 1, 'one reading at a time');
  client.loadOlder('lobby');
  await settle();
  assert.deepEqual(seqs(client), [[1, 170]]);
  const before = asked('history').length;
  client.loadOlder('lobby');
  await settle();
  assert.equal(asked('history').length, before);
});

test('a server that lost its data: the room is read anew, under the same name', async () => {
  const client = await enter();
  server.say('lobby', 'gone 1');
  server.say('lobby', 'gone 2');
  await settle();
  server.down = true;
  server.cut();
  await settle();
  client.send('lobby', 'typed');
  server.logs.clear();
  server.users.clear();
  server.say('lobby', 'new');
  server.down = false;
  await pass(2_000);
  assert.deepEqual(texts(client), ['new', 'typed']);
  assert.equal(client.user.name, 'ada');
  assert.equal(asked('hello').at(-1).token, undefined);
});

test('who is refused at the door is told why', async () => {
  server.instead = (request) =>
    request.type === 'hello' ? { type: 'error', code: 'name_taken', message: 'in use' } : undefined;
  const client = await enter();
  assert.equal(client.refused.code, 'name_taken');
  assert.equal(client.link.phase, 'stopped');
  assert.equal(client.profile.active, false);
});

test('restart, rest and refusal: comes back as the close code says', async () => {
  const client = await enter();
  server.cut(4200, { message: 'restarting' });
  await settle();
  assert.equal(client.link.phase, 'waiting');
  assert.equal(client.link.retryAt - Date.now(), 275);
  await pass(300);
  assert.equal(client.link.phase, 'open');

  server.cut(4100, { message: 'busy', retry_after_ms: 10_000 });
  await settle();
  assert.equal(client.link.retryAt - Date.now(), 12_500);
  await pass(12_500);
  assert.equal(client.link.phase, 'open');

  server.cut(4003, { message: 'kicked' });
  await pass(120_000);
  assert.deepEqual([client.link.phase, client.link.reason], ['stopped', 'kicked']);
  client.retryNow();
  await settle();
  assert.equal(client.link.phase, 'open');
});

test('a dead connection is noticed by missed pings', async () => {
  const client = await enter();
  server.mute = true;
  await pass(74_000);
  assert.equal(client.link.phase, 'open');
  await pass(2_000);
  assert.notEqual(client.link.phase, 'open');
});

test('pings that are answered keep the connection', async () => {
  const client = await enter();
  await pass(200_000);
  assert.equal(client.link.phase, 'open');
  assert.equal(asked('hello').length, 1);
  assert.ok(asked('ping').length >= 7);
});

test('after sleep a dead connection is noticed in seconds, a live one stays', async () => {
  const client = await enter();
  client.check();
  await pass(10_000);
  assert.equal(asked('hello').length, 1);
  server.mute = true;
  client.check();
  await pass(5_000);
  assert.notEqual(client.link.phase, 'open');
});

test('pauses grow while the server is away, and it can be tried at once', async () => {
  const client = await enter();
  server.down = true;
  server.cut();
  const pauses = [];
  await settle();
  for (let i = 0; i < 10; i++) {
    pauses.push(client.link.retryAt - Date.now());
    await pass(pauses.at(-1));
  }
  assert.deepEqual(pauses, [375, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500, 22_500]);
  server.down = false;
  client.retryNow();
  await settle();
  assert.equal(client.link.phase, 'open');
  server.cut();
  await settle();
  assert.equal(client.link.retryAt - Date.now(), 22_500, 'a connection that ends at once was no good one');
  await pass(22_500);
  await pass(5_000);
  server.cut();
  await settle();
  assert.equal(client.link.retryAt - Date.now(), 375, 'one that lasted was');
});

test('typing is told at most every three seconds, and forgotten after six', async () => {
  const client = await enter();
  client.typing('lobby');
  client.typing('lobby');
  await pass(3_000);
  client.typing('lobby');
  await settle();
  assert.equal(asked('typing').length, 2);
  server.tell('lobby', { type: 'typing', room: 'lobby', user: { id: 'u_b', name: 'bob', color: '#000000' } });
  await settle();
  assert.deepEqual(client.rooms.get('lobby').typing.map((who) => who.user.name), ['bob']);
  await pass(6_100);
  assert.deepEqual(client.rooms.get('lobby').typing, []);
});

test('what others say where one does not look is unread', async () => {
  const client = await enter();
  client.joinRoom('dev');
  await settle();
  server.say('lobby', 'psst');
  server.say('dev', 'seen');
  await settle();
  assert.deepEqual([client.rooms.get('lobby').unread, client.rooms.get('dev').unread], [1, 0]);
  client.look(false);
  server.say('dev', 'unseen');
  await settle();
  assert.equal(client.rooms.get('dev').unread, 1);
  client.look(true);
  assert.deepEqual([client.rooms.get('dev').unread, client.rooms.get('dev').newFrom], [0, 2]);
  client.joinRoom('lobby');
  assert.equal(client.rooms.get('lobby').unread, 0);
});

test('a room that cannot be joined goes, and the reason is told', async () => {
  const problems = [];
  const client = newClient(problems);
  client.recall(URL);
  client.enter({ name: 'ada', room: 'lobby', language: 'en' });
  await settle();
  server.instead = (request) =>
    request.room === 'full' ? { type: 'error', code: 'too_many_rooms', message: 'too many' } : undefined;
  client.joinRoom('full');
  await settle();
  assert.deepEqual([...client.rooms.keys()], ['lobby']);
  assert.equal(client.current, 'lobby');
  assert.deepEqual(problems, ['too_many_rooms']);
});

test('two pages of one user: what one sends shows in the other, and names follow', async () => {
  const one = await enter();
  const two = newClient();
  two.recall(URL);
  two.enter({ name: one.profile.name, language: 'en' });
  await settle();
  assert.equal(two.user.id, one.user.id);
  two.send('lobby', 'hello me');
  await settle();
  assert.deepEqual(texts(one), ['hello me']);
  one.rename('grace', () => {});
  await settle();
  server.cut();
  await pass(2_000);
  assert.equal(two.user.name, 'grace');
});

test('knows while messages between servers are slow, also by the welcome', async () => {
  const client = await enter();
  assert.equal(client.degraded, false);
  server.tell('lobby', { type: 'degraded', degraded: true });
  await settle();
  assert.equal(client.degraded, true);
  server.cut(); // the next server is well
  await pass(5_000);
  assert.equal(client.degraded, false);
  server.tell('lobby', { type: 'degraded', degraded: true });
  await settle();
  server.tell('lobby', { type: 'degraded', degraded: false });
  await settle();
  assert.equal(client.degraded, false);
  server.degraded = true;
  server.cut();
  await pass(5_000);
  assert.equal(client.degraded, true);
});
